"""How is a server asked: one host, a secret that goes nowhere else, patience with cuts, and its refusals told in French."""

import json
import os
import re
import shutil
import time
from base64 import b64encode
from collections import namedtuple
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from capidoc.core.errors import (
    ConfigurationRefused,
    InputUnreadable,
    InputUnsafe,
    Problem,
    ResourcesLacking,
)
from capidoc.io import tables

TIMEOUTS = (10, 120)  # seconds to connect, and between two bytes
PATIENCE, ATTEMPTS, STALE = (
    600,
    7,
    3600,
)  # seconds for one page with its waits; tries; seconds after which kept pages are read again
LARGEST, PIECE = 200_000_000, 1 << 16
AGAIN = {429, 500, 502, 503, 504}
CUTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
PASSING = tenacity.retry_if_exception_type(CUTS) & tenacity.retry_if_not_exception_type(
    requests.exceptions.SSLError
)


class Absent(ConfigurationRefused):
    """The server holds nothing at this address."""


class Cut(InputUnreadable):
    """The line or the server failed: what came before is good."""


REFUSALS = {
    401: (
        ConfigurationRefused,
        "le serveur refuse le jeton",
        "Copiez-le à nouveau depuis votre compte, dans la variable ou le trousseau.",
    ),
    403: (
        ConfigurationRefused,
        "ce compte n’a pas le droit de lire ce formulaire",
        "Demandez ce droit au propriétaire du formulaire.",
    ),
    404: (
        Absent,
        "formulaire introuvable sur ce serveur",
        "Vérifiez « collecte » dans programme.yml.",
    ),
    429: (Cut, "le serveur demande d’attendre", "Relancez plus tard."),
}
Answer = namedtuple("Answer", "status headers body")


@dataclass(frozen=True)
class HttpClient:
    """A server and the Authorization header that it alone may see."""

    server: str
    authorization: str = field(repr=False)
    session: requests.Session = field(
        default_factory=requests.Session, repr=False
    )  # one connection for a thousand photos

    def __call__(self, request):
        """The request with its secret, as requests asks of an auth."""
        # As requests' own auth: never overridden by ~/.netrc, taken off when a redirection leaves the host.
        request.headers["Authorization"] = self.authorization
        return request


def open_client(asked):
    """The Link of a declared server; raises ConfigurationRefused without a secret in the environment or the system's keyring."""
    variable = "CAPIDOC_ODK_LOGIN" if asked.projet else "CAPIDOC_KOBO_TOKEN"
    secret = (
        os.environ.get(variable) or _from_keyring(urlsplit(asked.serveur).netloc) or ""
    ).strip()
    # What HTTP cannot carry would come back, whole, in the library's own error.
    if not re.fullmatch(r".+:.+" if asked.projet else r"[\x21-\x7e]+", secret):
        expected = "courriel:mot de passe" if asked.projet else "le jeton d’un compte KoboToolbox"
        raise ConfigurationRefused(
            Problem(
                "il manque de quoi entrer sur ce serveur",
                f"{expected}, dans la variable {variable}",
                value=asked.serveur,
            )
        )
    return HttpClient(
        asked.serveur.rstrip("/"),
        f"Basic {b64encode(secret.encode()).decode()}" if asked.projet else f"Token {secret}",
    )


def _from_keyring(host):
    try:
        import keyring

        return keyring.get_password("capidoc", host)
    except Exception:  # no such library, or no keyring on this machine: the same as no secret
        return None


def read_pages(link, url, names, kept):
    """Every row of a paged answer whose keys are names (rows, next, count); pages received before a cut are taken from `kept`."""
    if time.time() - min((page.stat().st_mtime for page in kept.glob("*")), default=0) > STALE:
        shutil.rmtree(kept, ignore_errors=True)
    found, seen, count = [], set(), 0
    while url:
        page, former = _page(link, url, names, kept), count
        found, count = found + page[names[0]], int(page[names[2]])
        seen.add(url)
        url = page.get(names[1])
        if url in seen or (url and (len(found) > count or not page[names[0]])):
            raise _refused("les pages du serveur tournent en rond", url)
        if count < former or (not url and len(found) != count):
            raise InputUnreadable(
                Problem(
                    "des fiches ont été supprimées pendant la lecture",
                    f"{count} fiches",
                    "Relancez.",
                    value=f"{len(found)} lues",
                )
            )
    return found


def _page(link, url, names, kept):
    path = kept / sha256(url.encode()).hexdigest()
    body = path.read_bytes() if path.is_file() else get(link, url)
    rows, following, count = names
    page = parse_json(
        body,
        url,
        lambda page: (
            int(page[count]) >= 0
            and is_list_of_objects(page[rows])
            and isinstance(page.get(following), str | None)
        ),
    )
    tables.write_durably(path, body)
    return page


def parse_json(body, url, is_right):
    """What an answer says in JSON; raises InputUnreadable unless it is right."""
    try:
        # Numbers stay as they were sent: « 007 » or 1e999 are nobody's to round.
        said = json.loads(body, parse_int=str, parse_float=str, parse_constant=str)
        right = is_right(said)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        right = False
    if not right:
        what = (
            "une page web, de connexion sans doute,"
            if is_web_page(body)
            else "autre chose que des fiches"
        )
        raise _refused(f"le serveur a rendu {what} au lieu des données", url)
    return said


def is_list_of_objects(said):
    """Whether it is a list of JSON objects."""
    return isinstance(said, list) and all(isinstance(row, dict) for row in said)


def is_web_page(body):
    """Whether an answer is a page for people, of login most often, whatever was asked for."""
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and any(tag in start for tag in (b"<html", b"<head", b"<body"))


def get(link, url):
    """The body of a URL of the server; raises the refusals of REFUSALS, InputUnreadable on a cut that lasts, ResourcesLacking on slowness."""
    if _host(link, url) != _host(link, ""):
        raise InputUnreadable(
            Problem(
                "le serveur renvoie à une autre adresse : refusé, le jeton n’y va pas",
                link.server,
                value=url,
            )
        )
    url = urljoin(link.server, url)
    try:
        answer = tenacity.Retrying(
            retry=PASSING | tenacity.retry_if_result(lambda a: a.status in AGAIN),
            wait=_wait,
            stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_before_delay(PATIENCE),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )(_asked, link, url)
    except requests.Timeout as error:
        raise ResourcesLacking(
            Problem(
                "le serveur ne répond pas à temps",
                remedy="Relancez : ce qui est reçu est gardé.",
                value=link.server,
            )
        ) from error
    except requests.RequestException as error:
        raise Cut(
            Problem(
                f"connexion coupée ou impossible ({type(error).__name__})",
                remedy="Relancez : ce qui est reçu est gardé.",
                value=url,
            )
        ) from error
    if answer.status != 200:
        broken = (
            Cut,
            "le serveur est en panne" if answer.status >= 500 else "réponse inattendue",
            "Relancez plus tard.",
        )
        kind, what, remedy = REFUSALS.get(answer.status, broken)
        raise kind(Problem(f"{what} (HTTP {answer.status})", remedy=remedy, value=url))
    return answer.body


def _host(link, url):
    try:
        return [part.lower() for part in urlsplit(urljoin(link.server, url).encode())[:2]]
    except ValueError:  # « http://[ » is nobody's address, nor is half a character
        return None


def _wait(state):
    """The seconds that the server asks for, or else twice as many as before."""
    try:
        asked = (
            None
            if state.outcome.failed
            else urllib3.Retry().get_retry_after(state.outcome.result())
        )
    except urllib3.exceptions.InvalidHeader:
        asked = None
    return tenacity.wait_exponential_jitter(initial=1, max=60)(state) if asked is None else asked


def _asked(link, url):
    body, end = bytearray(), time.monotonic() + PATIENCE
    with link.session.get(url, auth=link, timeout=TIMEOUTS, stream=True) as response:
        announced = (
            response.raw.length_remaining or 0
        )  # known, it spares a slow line the reading of what is too large
        for piece in response.iter_content(PIECE):
            body += piece
            if max(len(body), announced) > LARGEST:
                raise InputUnsafe(
                    Problem(
                        f"réponse de plus de {LARGEST // 10**6} Mo",
                        remedy="Demandez moins, ou prenez ce fichier à la main.",
                        value=url,
                    )
                )
            if time.monotonic() > end:
                raise ResourcesLacking(
                    Problem(
                        "le serveur répond trop lentement",
                        remedy="Relancez : ce qui est reçu est gardé.",
                        value=url,
                    )
                )
        return Answer(response.status_code, response.headers, bytes(body))


def _refused(what, url):
    return InputUnreadable(
        Problem(what, remedy="Vérifiez « collecte » dans programme.yml, puis relancez.", value=url)
    )
