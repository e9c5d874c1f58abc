"""What a result was made of: policy, engine, input and counts, written beside the result."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.policy import Policy
from engine.tables.whole import readable, whole

__all__ = ["hash_of", "manifest_path", "write_manifest"]

_CHUNK = 1 << 20


def manifest_path(result: Path) -> Path:
    """Where the manifest of `result` stands: beside it, under its whole name with `.manifest.json` behind."""
    return result.with_name(f"{result.name}.manifest.json")


def hash_of(path: Path) -> str:
    """The SHA-256 of the bytes of `path`, read a piece at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def write_manifest(
    result: Path,
    policy: Policy,
    *,
    version: str,
    algebra: str,
    because: str = "",
    source: Path,
    today: datetime.date,
    counts: Mapping[str, object],
    persons: Mapping[str, Path] = MappingProxyType({}),
) -> Path:
    """Write beside `result` what it was made of; the file appears whole or not at all. Gives its path.

    `because` says why the algebra is not the usual one. `persons` names for a group the file of its persons. `counts` are numbers of rows, and sums of money as texts, by their names.
    Raises: TableError where it cannot be written.
    """
    content = {
        "policy": policy.label,
        "year": policy.year,
        "fingerprint": policy.fingerprint,
        "questions": list(policy.taken),
        "engine": version,
        "algebra": algebra,
        **({"algebra_because": because} if because else {}),
        "input": _file(source),
        **({"persons": {group: _file(path) for group, path in persons.items()}} if persons else {}),
        "result": _file(result),
        "blank_reference_date": today.isoformat(),
        "counts": counts,
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    target = manifest_path(result)
    with whole(target) as stream:
        stream.write((json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    return target


def _file(path: Path) -> dict[str, str]:
    return {"file": readable(path.name), "sha256": hash_of(path)}
