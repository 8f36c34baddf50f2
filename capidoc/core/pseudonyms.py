"""Who is who, told to nobody: ids and withheld words as keyed hashes, whose key stays out of the repository (D2)."""

import hashlib
import os
import secrets
from functools import lru_cache

import platformdirs

from capidoc.core import categorical

VARIABLE, NAME = "CAPIDOC_CLE", "cle"


@lru_cache
def secret_key():
    """The 32 bytes of the key: of the variable CAPIDOC_CLE, else of the user's own configuration folder, where the first run puts it.

    Without a place to keep it, it lives as long as the run: ids of two runs then differ.
    """
    if not os.environ.get(VARIABLE):  # empty, it would be known to all
        os.environ[VARIABLE] = _kept() or secrets.token_hex(32)
    return hashlib.sha256(os.environ[VARIABLE].encode()).digest()


def _kept():
    path = platformdirs.user_config_path("capidoc") / NAME
    try:
        if not (path.exists() and path.read_text().strip()):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(
                f".{NAME}-{os.getpid()}"
            )  # under its name it is whole, however full the disk
            with os.fdopen(
                os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
            ) as file:
                file.write(secrets.token_hex(32))
            fresh.replace(path)
        return path.read_text().strip()
    except OSError:
        return ""


def pseudonym(text, scope):
    """The pseudonym of an id, or the fingerprint of words: 16 hexadecimal digits, the same for the same key, scope and text."""
    return hashlib.blake2b(f"{scope}|{text}".encode(), key=secret_key(), digest_size=8).hexdigest()


def pseudonymize_units(ids, programme):
    """A pseudonym in the place of each unit's id, as `coding` has columns."""
    return categorical.sort_categories(
        categorical.map_values(
            ids, {unit: pseudonym(unit, programme) for unit in categorical.present_values(ids)}
        )
    )
