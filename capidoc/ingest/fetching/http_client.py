"""Ask one server: a secret that goes nowhere else, patience, pages kept, French refusals."""

import json
import os
import re
import shutil
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3
from pydantic import AliasChoices, BaseModel, Field, TypeAdapter

from capidoc.config.programme_model import Server
from capidoc.core import errors
from capidoc.core.errors import ConfigurationRefused, InputUnreadable, Problem
from capidoc.io import tables

T = TypeVar("T")

TIMEOUTS = (10, 120)  # seconds to connect, and between two bytes
PATIENCE = 600  # seconds for one answer, with its waits
ATTEMPTS = 7
LARGEST = 200_000_000  # bytes of an answer
STALE = 3600  # seconds after which kept pages are read again
# Of all pages together: how many, their bytes, the seconds that they may take.
MOST_PAGES, LARGEST_ALL, LONGEST = 2000, 2_000_000_000, 7200
PIECE = 1 << 16  # bytes read at a time
RETRIED_STATUSES = {429, 500, 502, 503, 504}
CUTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
BACKOFF = tenacity.wait_exponential_jitter(initial=1)
RESUME = "Relancez : ce qui est reçu est gardé."


class Absent(ConfigurationRefused):
    """The server holds nothing at this address."""


class Cut(InputUnreadable):
    """The line or the server failed: what came before is good."""


class RefusedRequest(requests.HTTPError):
    """An answer of another status than 200."""

    response: requests.Response


NO_TOKEN = "Copiez-le à nouveau depuis votre compte, dans la variable."
NO_RIGHT = "ce compte n’a pas le droit de lire ce formulaire"
NO_FORM = "Vérifiez « collecte » dans programme.yml."
# {HTTP status: (refusal, what is wrong, remedy)}
REFUSALS: dict[int, tuple[type[errors.Refusal], str, str]] = {
    401: (ConfigurationRefused, "le serveur refuse le jeton", NO_TOKEN),
    403: (ConfigurationRefused, NO_RIGHT, "Demandez ce droit au propriétaire du formulaire."),
    404: (Absent, "formulaire introuvable sur ce serveur", NO_FORM),
    429: (Cut, "le serveur demande d’attendre", "Relancez plus tard."),
}


@dataclass(frozen=True)
class HttpClient:
    """A declared server, the session that has its secret, the folder where its pages are kept."""

    server: Server
    pages: Path
    session: requests.Session

    @property
    def url(self) -> str:
        """Return the server's address, without a final slash."""
        return self.server.serveur.rstrip("/")


class Page(BaseModel):
    """A page of KoboToolbox or ODK Central: rows, URL of the following page, count of all rows."""

    rows: list[dict[str, Any]] = Field(validation_alias=AliasChoices("results", "value"))
    following: str | None = Field(None, validation_alias=AliasChoices("next", "@odata.nextLink"))
    count: int = Field(ge=0, validation_alias=AliasChoices("count", "@odata.count"))


def open_client(server: Server, pages: Path) -> HttpClient:
    """Return the client of a declared server; raise ConfigurationRefused without its secret."""
    variable = "CAPIDOC_ODK_LOGIN" if server.projet else "CAPIDOC_KOBO_TOKEN"
    secret = os.environ.get(variable, "").strip()
    # What HTTP cannot carry would come back, whole, in the library's own error.
    if not re.fullmatch(r".+:.+" if server.projet else r"[\x21-\x7e]+", secret):
        content = "courriel:mot de passe" if server.projet else "le jeton d’un compte KoboToolbox"
        what, expected = "il manque de quoi entrer sur ce serveur", f"{content}, dans la variable"
        raise ConfigurationRefused(Problem(what, f"{expected} {variable}", value=server.serveur))
    basic = f"Basic {b64encode(secret.encode()).decode()}"
    session = requests.Session()

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = basic if server.projet else f"Token {secret}"
        return request

    # As requests' own `auth`, ~/.netrc never overrides it, and a redirection that leaves the host
    # takes it off.
    session.auth = authorize
    return HttpClient(server, pages, session)


def get(client: HttpClient, url: str, is_file: bool = False) -> bytes:
    """Return the body of a URL of the server; refuse another host, what lasts or is too large.

    A file alone may be in another host's storage, as safe: the secret does not go there.
    """
    _check_origin(client, url)
    url = urljoin(client.url, url)

    def follow(response: requests.Response, *_: Any, **__: Any) -> None:
        if response.is_redirect:
            target = urljoin(response.url, response.headers["Location"])
            _check_origin(client, target, parts=1 if is_file else 2)

    try:
        return _download(client, url, follow)
    except RefusedRequest as error:
        status = error.response.status_code
        what = "le serveur est en panne" if status >= 500 else "réponse inattendue"
        kind, what, remedy = REFUSALS.get(status, (Cut, what, "Relancez plus tard."))
        raise kind(Problem(f"{what} (HTTP {status})", remedy=remedy, value=url)) from error
    except requests.Timeout as error:
        what = "le serveur ne répond pas à temps"
        raise errors.ResourcesLacking(Problem(what, remedy=RESUME, value=client.url)) from error
    except requests.RequestException as error:
        what = f"connexion coupée ou impossible ({type(error).__name__})"
        raise Cut(Problem(what, remedy=RESUME, value=url)) from error


def read_pages(client: HttpClient, url: str, identifier: str) -> list[dict[str, Any]]:
    """Return all rows of a paged answer, from the page that a cut left; refuse an endless one.

    `identifier` is what each row has, and no other row the same.
    """
    kept_since = min((page.stat().st_mtime for page in client.pages.glob("*")), default=0)
    if time.time() - kept_since > STALE:
        shutil.rmtree(client.pages, ignore_errors=True)
    rows: list[dict[str, Any]] = []
    count, seen, size, deadline = 0, set(), 0, time.monotonic() + LONGEST
    following: str | None = url
    while following:
        path = client.pages / sha256(following.encode()).hexdigest()
        body = path.read_bytes() if path.is_file() else get(client, following)
        page = parse_json(body, following, Page)
        tables.write_durably(path, body)
        seen.add(following)
        rows += page.rows
        former_count, count, following = count, page.count, page.following
        size += len(body)
        if len(seen) > MOST_PAGES or size > LARGEST_ALL or time.monotonic() > deadline:
            what = "le serveur n’en finit pas de rendre des pages"
            raise errors.ResourcesLacking(Problem(what, remedy=RESUME, value=client.url))
        if following in seen or (following and (len(rows) > count or not page.rows)):
            raise _unexpected_answer("les pages du serveur tournent en rond", str(following))
        if count < former_count or (not following and len(rows) != count):
            what = "des fiches ont été supprimées pendant la lecture"
            read = f"{len(rows)} lues"
            raise InputUnreadable(Problem(what, f"{count} fiches", "Relancez.", value=read))
    if len({str(row.get(identifier)) for row in rows if row.get(identifier)}) < len(rows):
        what, expected = "fiches sans numéro, ou de même numéro", f"« {identifier} » de chacune"
        raise InputUnreadable(Problem(what, expected, "Relancez.", value=client.url))
    return rows


def parse_json(body: bytes, url: str, kind: type[T]) -> T:
    """Return what an answer says in JSON; raise InputUnreadable unless it is of that type."""
    try:
        # Numbers stay as they were sent: « 007 » or 1e999 are nobody's to round.
        content = json.loads(body, parse_int=str, parse_float=str, parse_constant=str)
        return TypeAdapter(kind).validate_python(content)
    except (ValueError, RecursionError):
        web_page = "une page web, de connexion sans doute,"
        what = web_page if is_web_page(body) else "autre chose que des fiches"
        raise _unexpected_answer(f"le serveur a rendu {what} au lieu des données", url) from None


def is_web_page(body: bytes) -> bool:
    """Return whether an answer is a page for people, of login most often."""
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and any(tag in start for tag in (b"<html", b"<head", b"<body"))


def _unexpected_answer(what: str, url: str) -> InputUnreadable:
    remedy = "Vérifiez « collecte » dans programme.yml, puis relancez."
    return InputUnreadable(Problem(what, remedy=remedy, value=url))


def _check_origin(client: HttpClient, url: str, parts: int = 2) -> None:
    """Raise InputUnreadable for a URL of another scheme (1 part) or host (2) than the server's."""
    origin = _origin(client, url)
    if not origin or origin[:parts] != (_origin(client, "") or ())[:parts]:
        what = "le serveur renvoie à une autre adresse : refusé, le jeton n’y va pas"
        raise InputUnreadable(Problem(what, client.url, value=url))


def _origin(client: HttpClient, url: str) -> tuple[bytes, bytes] | None:
    """Return the scheme and host of a URL, as seen from the server; None when it has none."""
    try:
        parts = urlsplit(urljoin(client.url, url).encode())
    except ValueError:  # « http://[ » is nobody's address, nor is half a character
        return None
    return parts.scheme, parts.netloc.lower()


def _wait_seconds(state: tenacity.RetryCallState) -> float:
    """Return the seconds that the server asks for, or else twice as many as before."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RefusedRequest):
        with suppress(urllib3.exceptions.InvalidHeader):
            asked = urllib3.Retry().get_retry_after(error.response.raw)
            if asked is not None:
                return asked
    return BACKOFF(state)


def _may_pass(error: BaseException) -> bool:
    """Return whether asking again may help: the line was cut or the server is busy."""
    if isinstance(error, RefusedRequest):
        return error.response.status_code in RETRIED_STATUSES
    return isinstance(error, CUTS) and not isinstance(error, requests.exceptions.SSLError)


@tenacity.retry(
    retry=tenacity.retry_if_exception(_may_pass),
    wait=_wait_seconds,
    stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_before_delay(PATIENCE),
    reraise=True,
)
def _download(client: HttpClient, url: str, follow: Callable[..., None]) -> bytes:
    body, deadline = bytearray(), time.monotonic() + PATIENCE
    hooks = {"response": follow}
    with client.session.get(url, timeout=TIMEOUTS, stream=True, hooks=hooks) as response:
        # The announced length spares a slow line the reading of what is too large.
        announced = response.raw.length_remaining or 0
        for piece in response.iter_content(PIECE):
            body += piece
            if max(len(body), announced) > LARGEST:
                what = f"réponse de plus de {LARGEST // 10**6} Mo"
                remedy = "Demandez moins, ou prenez ce fichier à la main."
                raise errors.InputUnsafe(Problem(what, remedy=remedy, value=url))
            if time.monotonic() > deadline:
                what = "le serveur répond trop lentement"
                raise errors.ResourcesLacking(Problem(what, remedy=RESUME, value=url))
    if response.status_code != 200:
        raise RefusedRequest(response=response)
    return bytes(body)
