"""How a server is asked: one host, a secret that goes nowhere else, patience, French refusals."""

import os
import re
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from capidoc.config.programme_model import Server
from capidoc.core.errors import (
    ConfigurationRefused,
    InputUnreadable,
    InputUnsafe,
    Problem,
    Refusal,
    ResourcesLacking,
)

TIMEOUTS = (10, 120)  # seconds to connect, and between two bytes
PATIENCE = 600  # seconds for one answer, with its waits
ATTEMPTS = 7
LARGEST = 200_000_000  # bytes of an answer
PIECE = 1 << 16  # bytes read at a time
RETRIED_STATUSES = {429, 500, 502, 503, 504}
CUTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
RETRIED_ERRORS = tenacity.retry_if_exception_type(CUTS) & tenacity.retry_if_not_exception_type(
    requests.exceptions.SSLError
)
RESUME = "Relancez : ce qui est reçu est gardé."


class Absent(ConfigurationRefused):
    """The server holds nothing at this address."""


class Cut(InputUnreadable):
    """The line or the server failed: what came before is good."""


NO_TOKEN = "Copiez-le à nouveau depuis votre compte, dans la variable ou le trousseau."
NO_RIGHT = "ce compte n’a pas le droit de lire ce formulaire"
NO_FORM = "Vérifiez « collecte » dans programme.yml."
# {HTTP status: (refusal, what is wrong, remedy)}
REFUSALS: dict[int, tuple[type[Refusal], str, str]] = {
    401: (ConfigurationRefused, "le serveur refuse le jeton", NO_TOKEN),
    403: (ConfigurationRefused, NO_RIGHT, "Demandez ce droit au propriétaire du formulaire."),
    404: (Absent, "formulaire introuvable sur ce serveur", NO_FORM),
    429: (Cut, "le serveur demande d’attendre", "Relancez plus tard."),
}


class Answer(NamedTuple):
    """What a server answered: HTTP status, the wait that it asks for, body."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True)
class HttpClient:
    """A server and the Authorization header that it alone may see; one connection for all."""

    server: str
    authorization: str = field(repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with its secret.

        We are requests' own `auth`: ~/.netrc never overrides it, and a redirection that leaves the
        host takes it off.
        """
        request.headers["Authorization"] = self.authorization
        return request


def open_client(server: Server) -> HttpClient:
    """Return the client of a declared server; raise ConfigurationRefused without its secret."""
    variable = "CAPIDOC_ODK_LOGIN" if server.projet else "CAPIDOC_KOBO_TOKEN"
    secret = os.environ.get(variable) or _keyring_secret(urlsplit(server.serveur).netloc) or ""
    secret = secret.strip()
    # What HTTP cannot carry would come back, whole, in the library's own error.
    if not re.fullmatch(r".+:.+" if server.projet else r"[\x21-\x7e]+", secret):
        content = "courriel:mot de passe" if server.projet else "le jeton d’un compte KoboToolbox"
        what, expected = "il manque de quoi entrer sur ce serveur", f"{content}, dans la variable"
        raise ConfigurationRefused(Problem(what, f"{expected} {variable}", value=server.serveur))
    basic = f"Basic {b64encode(secret.encode()).decode()}"
    return HttpClient(server.serveur.rstrip("/"), basic if server.projet else f"Token {secret}")


def get(client: HttpClient, url: str) -> bytes:
    """Return the body of a URL of the server.

    Raise those of REFUSALS, InputUnreadable for another host, Cut on a cut that lasts,
    ResourcesLacking on slowness, InputUnsafe on a body beyond LARGEST.
    """
    if _origin(client, url) != _origin(client, ""):
        what = "le serveur renvoie à une autre adresse : refusé, le jeton n’y va pas"
        raise InputUnreadable(Problem(what, client.server, value=url))
    url = urljoin(client.server, url)
    try:
        answer = _download_with_retries(client, url)
    except requests.Timeout as error:
        what = "le serveur ne répond pas à temps"
        raise ResourcesLacking(Problem(what, remedy=RESUME, value=client.server)) from error
    except requests.RequestException as error:
        what = f"connexion coupée ou impossible ({type(error).__name__})"
        raise Cut(Problem(what, remedy=RESUME, value=url)) from error
    if answer.status != 200:
        what = "le serveur est en panne" if answer.status >= 500 else "réponse inattendue"
        other = (Cut, what, "Relancez plus tard.")
        kind, what, remedy = REFUSALS.get(answer.status, other)
        raise kind(Problem(f"{what} (HTTP {answer.status})", remedy=remedy, value=url))
    return answer.body


def is_web_page(body: bytes) -> bool:
    """Return whether an answer is a page for people, of login most often."""
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and any(tag in start for tag in (b"<html", b"<head", b"<body"))


def _keyring_secret(host: str) -> str | None:
    try:
        import keyring

        return keyring.get_password("capidoc", host)
    except Exception:  # no such library, or no keyring on this machine: the same as no secret
        return None


def _origin(client: HttpClient, url: str) -> tuple[bytes, bytes] | None:
    """Return the scheme and host of a URL, as seen from the server; None when it has none."""
    try:
        parts = urlsplit(urljoin(client.server, url).encode())
    except ValueError:  # « http://[ » is nobody's address, nor is half a character
        return None
    return parts.scheme, parts.netloc.lower()


def _download_with_retries(client: HttpClient, url: str) -> Answer:
    retrying = tenacity.Retrying(
        retry=RETRIED_ERRORS | tenacity.retry_if_result(lambda a: a.status in RETRIED_STATUSES),
        wait=_wait_seconds,
        stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_before_delay(PATIENCE),
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    return retrying(_download, client, url)


def _wait_seconds(state: tenacity.RetryCallState) -> float:
    """Return the seconds that the server asks for, or else twice as many as before."""
    backoff = tenacity.wait_exponential_jitter(initial=1)(state)
    if state.outcome is None or state.outcome.failed or not state.outcome.result().retry_after:
        return backoff
    try:
        return urllib3.Retry().parse_retry_after(state.outcome.result().retry_after)
    except urllib3.exceptions.InvalidHeader:
        return backoff


def _download(client: HttpClient, url: str) -> Answer:
    body, deadline = bytearray(), time.monotonic() + PATIENCE
    with client.session.get(url, auth=client, timeout=TIMEOUTS, stream=True) as response:
        # The announced length spares a slow line the reading of what is too large.
        announced = response.raw.length_remaining or 0
        for piece in response.iter_content(PIECE):
            body += piece
            if max(len(body), announced) > LARGEST:
                what = f"réponse de plus de {LARGEST // 10**6} Mo"
                remedy = "Demandez moins, ou prenez ce fichier à la main."
                raise InputUnsafe(Problem(what, remedy=remedy, value=url))
            if time.monotonic() > deadline:
                what = "le serveur répond trop lentement"
                raise ResourcesLacking(Problem(what, remedy=RESUME, value=url))
        return Answer(response.status_code, response.headers.get("Retry-After"), bytes(body))
