"""How a long answer is read: page by page, each kept so that a cut costs one page."""

import json
import shutil
import time
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter

from capidoc.core.errors import InputUnreadable, Problem
from capidoc.ingest.fetching.http_client import HttpClient, get, is_web_page
from capidoc.io import tables

T = TypeVar("T")
STALE = 3600  # seconds after which kept pages are read again


class Page(BaseModel):
    """A page of KoboToolbox or ODK Central: rows, URL of the following page, count of all rows."""

    rows: list[dict[str, Any]] = Field(validation_alias=AliasChoices("results", "value"))
    following: str | None = Field(None, validation_alias=AliasChoices("next", "@odata.nextLink"))
    count: int = Field(ge=0, validation_alias=AliasChoices("count", "@odata.count"))


def read_pages(client: HttpClient, url: str) -> list[dict[str, Any]]:
    """Return every row of a paged answer; pages received before a cut are not asked for again.

    Raise InputUnreadable when the pages never end, or do not have the rows that they count.
    """
    kept_since = min((page.stat().st_mtime for page in client.pages.glob("*")), default=0)
    if time.time() - kept_since > STALE:
        shutil.rmtree(client.pages, ignore_errors=True)
    rows: list[dict[str, Any]] = []
    count, seen = 0, set()
    following: str | None = url
    while following:
        path = client.pages / sha256(following.encode()).hexdigest()
        body = path.read_bytes() if path.is_file() else get(client, following)
        page = parse_json(body, following, Page)
        tables.write_durably(path, body)
        seen.add(following)
        rows += page.rows
        former_count, count, following = count, page.count, page.following
        if following in seen or (following and (len(rows) > count or not page.rows)):
            raise _unexpected_answer("les pages du serveur tournent en rond", str(following))
        if count < former_count or (not following and len(rows) != count):
            what = "des fiches ont été supprimées pendant la lecture"
            read = f"{len(rows)} lues"
            raise InputUnreadable(Problem(what, f"{count} fiches", "Relancez.", value=read))
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


def _unexpected_answer(what: str, url: str) -> InputUnreadable:
    remedy = "Vérifiez « collecte » dans programme.yml, puis relancez."
    return InputUnreadable(Problem(what, remedy=remedy, value=url))
