"""Keep the two manifests of a published set: what decided it, and the sha256 of every file.

That of `interne/` tells all. The public one tells nothing that hangs on what readers may not see:
neither the files of `interne/`, nor the sha256 of the data, which could be guessed back from it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from capidoc.core.errors import Problem, RenderingFailed, TraceabilityRefused
from capidoc.core.schema import MANIFEST_JSON

INTERNAL = "interne/"  # where a set keeps what may not go public
MANIFESTS = (MANIFEST_JSON, f"{INTERNAL}{MANIFEST_JSON}")
CODE = re.compile(r"(?:capidoc|notebooks|templates)/|requirements\.lock")  # public inputs
ABSENT, MODIFIED, UNKNOWN = "absent", "modifié", "inconnu"


def file_digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def cache_key(inputs: Mapping[str, Any]) -> str:
    """Return the short name of a run: 12 hexadecimal digits of the digest of its inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]


def installed_versions() -> dict[str, str]:
    """Return the versions of the installed libraries, by name in lower case."""
    from importlib.metadata import distributions

    files = ("METADATA", "PKG-INFO")  # one that is being installed has neither yet
    whole = [one for one in distributions() if any(map(one.read_text, files))]
    return dict(sorted((one.name.lower(), one.version) for one in whole))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a published set, {} where there is none.

    Of a set that has lost its `interne/`, what is public alone.
    """
    public, internal = (read_json_record(folder / name) for name in MANIFESTS)
    if not public:
        return {}
    return public | internal | {"sorties": internal.get("sorties", {}) | public["sorties"]}


def read_json_record(path: Path) -> dict[str, Any]:
    """Return what a JSON file remembers of a run, {} where it is absent or damaged."""
    with suppress(ValueError):
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {}


def differences(folder: Path) -> list[tuple[str, str]]:
    """Return the files that differ from the manifest: « absent », « modifié » or « inconnu »."""
    listed = read_manifest(folder).get("sorties", {})
    nested = nested_sets(folder)
    present = {}
    for path in folder.rglob("*"):
        in_nested_set = any(other in path.parents for other in nested)
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in MANIFESTS and not in_nested_set:
            present[name] = path
    absent = [(name, ABSENT) for name in listed if name not in present]
    both = [name for name in listed if name in present]
    modified = [(name, MODIFIED) for name in both if file_digest(present[name]) != listed[name]]
    return absent + modified + [(name, UNKNOWN) for name in present if name not in listed]


def intact_outputs(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the manifest, and the names of the files that are as it says."""
    changed = {name for name, _ in differences(folder)}
    manifest = read_manifest(folder)
    return manifest, [name for name in manifest.get("sorties", {}) if name not in changed]


def verify_files(folder: Path) -> list[str]:
    """Return the names of the files that were verified; raise TraceabilityRefused on a change."""
    names = list(read_manifest(folder).get("sorties", {}))
    if not names:
        cause = "rien n’est publié ici, ou son manifeste est abîmé"
        raise TraceabilityRefused(Problem(cause, "", "Lancez « make report ».", str(folder)))
    remedy = "Relancez « make report » : votre version sera gardée à côté."
    TraceabilityRefused.raise_any(
        Problem(f"fichier {state} depuis la publication", "", remedy, name)
        for name, state in differences(folder)
        if state != UNKNOWN
    )
    return names


def nested_sets(folder: Path) -> list[Path]:
    """Return the folders of a published set that are sets too: a commune, a period, internal."""
    manifests = [*folder.glob(f"*/{MANIFEST_JSON}"), *folder.glob(f"{INTERNAL}*/{MANIFEST_JSON}")]
    return [path.parent for path in manifests if path != folder / MANIFESTS[1]]


def write_manifest(staging_dir: Path, inputs: Mapping[str, Any]) -> None:
    """Write the inputs, versions and sha256 of outputs, public and internal files apart.

    In the public manifest data have the keyed digest of their sha256. Raise RenderingFailed for an
    empty output.
    """
    paths = [path for path in sorted(staging_dir.rglob("*")) if path.is_file()]
    outputs = {path.relative_to(staging_dir).as_posix(): path for path in paths}
    outputs = {name: path for name, path in outputs.items() if name not in MANIFESTS}
    empty = [name for name, path in outputs.items() if not path.stat().st_size]
    remedy = "Envoyez-nous ce message."
    RenderingFailed.raise_any(Problem("fichier vide", "", remedy, name) for name in empty)
    digests = {name: file_digest(path) for name, path in outputs.items()}
    internal = {name: sha for name, sha in digests.items() if name.startswith(INTERNAL)}
    content = {"versions": installed_versions(), **inputs, "sorties": internal}
    public = {name: content[name] for name in ("versions", "programme", "parametres")}
    public["entrees"] = {name: _public_digest(name, sha) for name, sha in inputs["entrees"].items()}
    public["sorties"] = {name: sha for name, sha in digests.items() if name not in internal}
    (staging_dir / INTERNAL).mkdir(exist_ok=True)
    for name, record in zip(MANIFESTS, (public, content), strict=True):
        text = json.dumps(record, ensure_ascii=False, indent=1)
        (staging_dir / name).write_text(text + "\n", encoding="utf-8", newline="\n")


def _public_digest(name: str, sha256: str) -> str:
    """Return the sha256 of our code, the keyed digest of any other input."""
    from capidoc.core import pseudonyms  # imports pandas, which a run with nothing to do does not

    return sha256 if CODE.match(name) else pseudonyms.pseudonym(sha256, "entrees")
