"""Replace ids and withheld words by keyed hashes, whose key stays out of the repository (D2)."""

import hashlib
import os
import secrets
from contextlib import suppress
from functools import lru_cache

import pandas as pd
import platformdirs

from capidoc.core import categorical

VARIABLE, NAME = "CAPIDOC_CLE", "cle"
KEY_BYTES, PSEUDONYM_BYTES = 32, 8


@lru_cache
def secret_key() -> bytes:
    """Return the 32 bytes of the key: of CAPIDOC_CLE, or of the user's own folder, kept there."""
    if not os.environ.get(VARIABLE):  # empty, it would be known to all
        os.environ[VARIABLE] = _stored_key() or secrets.token_hex(KEY_BYTES)
    return hashlib.sha256(os.environ[VARIABLE].encode()).digest()


def _stored_key() -> str:
    """Return the key kept in the user's configuration folder, "" where it cannot be kept."""
    path = platformdirs.user_config_path("capidoc") / NAME
    with suppress(OSError):
        if not (path.exists() and path.read_text().strip()):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Under its name it is whole, however full the disk; only its owner may read it.
            partial = path.with_name(f".{NAME}-{os.getpid()}")
            partial.touch(0o600, exist_ok=False)
            partial.write_text(secrets.token_hex(KEY_BYTES))
            partial.replace(path)
        return path.read_text().strip()
    return ""


def pseudonym(text: str, scope: str) -> str:
    """Return 16 hexadecimal digits, the same for the same key, scope and text."""
    content = f"{scope}|{text}".encode()
    return hashlib.blake2b(content, key=secret_key(), digest_size=PSEUDONYM_BYTES).hexdigest()


def pseudonymize_units(ids: pd.Series, programme: str) -> pd.Series:
    """Return the pseudonym of each unit's id, as sorted categories."""
    pseudonyms = categorical.map_values(ids, lambda unit: pseudonym(unit, programme))
    return categorical.sort_categories(pseudonyms)
