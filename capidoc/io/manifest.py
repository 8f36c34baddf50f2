"""The manifest of a published set: what decided it, and the sha256 of every file."""

import hashlib
import json
import re
from contextlib import suppress

from capidoc.core.errors import Problem, RenderingFailed, TraceabilityRefused

MANIFEST = "manifest.json"
NAMED = re.compile(r"^(Name|Version): *(.+?) *$", re.MULTILINE)


def file_digest(path):
    """The sha256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def cache_key(described):
    """The short name of a run: the beginning of the digest of all that decides it."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:12]


def installed_versions():
    """The versions of the installed libraries, by name."""
    from importlib.metadata import distributions

    # A whole description, parsed for its two lines, would take ten times longer.
    told = [
        dict(reversed(NAMED.findall(d.read_text("METADATA") or d.read_text("PKG-INFO") or "")))
        for d in distributions()
    ]
    return dict(
        sorted((one["Name"].lower(), one["Version"]) for one in told if one.get("Name"))
    )  # one being installed has none yet


def read_manifest(target):
    return read_json_record(target / MANIFEST)


def read_json_record(path):
    """What a file of ours remembers of a run, in JSON; nothing where it is absent or damaged: all is then made again."""
    with suppress(ValueError):
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {}


def differences(target):
    """What does not match the manifest: [(name, « absent » | « modifié » | « inconnu »)]."""
    known = read_manifest(target).get("sorties", {})
    own = [
        p
        for p in target.rglob("*")
        if p.is_file() and not any(one in p.parents for one in nested_sets(target))
    ]
    present = {p.relative_to(target).as_posix(): p for p in own if p != target / MANIFEST}
    wrong = [(name, "absent") for name in known if name not in present]
    wrong += [
        (name, "modifié")
        for name, sha in known.items()
        if name in present and file_digest(present[name]) != sha
    ]
    return wrong + [(name, "inconnu") for name in present if name not in known]


def intact_outputs(target):
    """What the manifest says {outputs' sha256, and what decided them}, and the names of the outputs that are as it says."""
    wrong, manifest = {name for name, _ in differences(target)}, read_manifest(target)
    return manifest, [name for name in manifest.get("sorties", {}) if name not in wrong]


def verify_files(target):
    """The names of the files whose hash was checked; raises TraceabilityRefused with what differs."""
    if not read_manifest(target).get("sorties"):
        raise TraceabilityRefused(
            Problem(
                "rien n’est publié ici, ou son manifeste est abîmé",
                remedy="Lancez « make report ».",
                file=str(target),
            )
        )
    wrong = [w for w in differences(target) if w[1] != "inconnu"]
    if wrong:
        raise TraceabilityRefused(
            *(
                Problem(
                    f"fichier {state} depuis la publication",
                    file=name,
                    remedy="Relancez « make report » : votre version sera gardée à côté.",
                )
                for name, state in wrong
            )
        )
    return list(read_manifest(target)["sorties"])


def nested_sets(target):
    """The folders of a published set that are sets of their own: one commune, one period, what is internal."""
    return [
        path.parent for place in ("*", "interne/*") for path in target.glob(f"{place}/{MANIFEST}")
    ]


def write_manifest(workshop, described):
    """The manifest written: what decided the set, the libraries (this machine's, unless `described` names another's), and the sha256 of every output."""
    outputs = {
        p.relative_to(workshop).as_posix(): file_digest(p)
        for p in sorted(workshop.rglob("*"))
        if p.is_file()
    }
    empty = [name for name in outputs if not (workshop / name).stat().st_size]
    if empty:
        raise RenderingFailed(
            *(
                Problem("fichier vide", remedy="Envoyez-nous ce message.", file=name)
                for name in empty
            )
        )
    text = json.dumps(
        {"versions": installed_versions(), **described, "sorties": outputs},
        ensure_ascii=False,
        indent=1,
    )
    (workshop / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
