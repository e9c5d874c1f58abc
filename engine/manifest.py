"""What a result was made of: policy, engine, input, how it was read and counts, written beside the result and read again."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from engine.messages import Message, say
from engine.policy import Policy
from engine.source import Place, Problem
from engine.tables import TableError
from engine.tables.whole import readable, whole

__all__ = [
    "FileKept",
    "Manifest",
    "PolicyKept",
    "hash_of",
    "manifest_path",
    "policy_of",
    "read_manifest",
    "write_manifest",
]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class FileKept:
    """A file as a manifest names it: its name, the SHA-256 of its bytes, and for what was read the path as it was given."""

    name: str
    sha256: str
    path: str = ""


@dataclass(frozen=True)
class PolicyKept:
    """A policy as a manifest names it; `days` are those on which it decided, first and last included, in a run by date."""

    policy: str
    year: str
    fingerprint: str
    questions: tuple[str, ...]
    days: tuple[tuple[datetime.date, datetime.date], ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a result was made of, as far as it is needed to make it again.

    `policies` is one policy, or in a run by date each that could decide. `asked` holds format, encoding and language as the run was given them, empty where it was left to find them.
    `persons` and `rejected_persons` name files by the group of the persons.
    """

    policies: tuple[PolicyKept, ...]
    is_by_date: bool
    engine: str
    algebra: str
    today: datetime.date
    asked: Mapping[str, str]
    source: FileKept
    persons: Mapping[str, FileKept]
    result: FileKept
    rejects: FileKept | None
    rejected_persons: Mapping[str, FileKept]


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


def policy_of(policy: Policy) -> dict[str, object]:
    """What tells one policy from every other: its name, its year, what it says, and how it is read."""
    return {
        "policy": policy.label,
        "year": policy.year,
        "fingerprint": policy.fingerprint,
        "questions": list(policy.taken),
    }


def write_manifest(
    result: Path,
    decided_by: Mapping[str, object],
    *,
    version: str,
    algebra: str,
    because: str = "",
    source: Path,
    today: datetime.date,
    asked: Mapping[str, str],
    counts: Mapping[str, object],
    stands: Callable[[Path], Path] = Path,
    known: Callable[[Path], str | None] = lambda path: None,
    persons: Mapping[str, Path] = MappingProxyType({}),
    rejects: Path | None = None,
    rejected_persons: Mapping[str, Path] = MappingProxyType({}),
) -> Path:
    """Write beside `result` what it was made of; the file appears whole or not at all. Gives its path.

    `decided_by` says which policy or policies decided; `because` why the algebra is not the usual one. `asked` holds format,
    encoding and language as the run was given them. `persons` names for a group the file of its persons,
    `rejected_persons` that of those set aside. `stands` says where the bytes of a file stand that has not appeared yet, `known` its
    SHA-256 where that is known.
    `counts` are numbers of rows, and sums of money as texts, by their names.
    Raises: TableError where it cannot be written.
    """
    written = {
        **decided_by,
        "engine": version,
        "algebra": algebra,
        **({"algebra_because": because} if because else {}),
        "asked": dict(asked),
        "input": _read(source),
        **({"persons": {group: _read(path) for group, path in persons.items()}} if persons else {}),
        "result": _file(result, stands, known),
        **({} if rejects is None else {"rejects": _file(rejects, stands, known)}),
        **(
            {"rejected_persons": {group: _file(path, stands, known) for group, path in rejected_persons.items()}}
            if rejected_persons
            else {}
        ),
        "blank_reference_date": today.isoformat(),
        "counts": counts,
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    target = manifest_path(result)
    with whole(target) as stream:
        stream.write((json.dumps(written, ensure_ascii=False, indent=2) + "\n").encode())
    return target


def _file(path: Path, stands: Callable[[Path], Path], known: Callable[[Path], str | None]) -> dict[str, str]:
    return {"file": readable(path.name), "sha256": known(path) or hash_of(stands(path))}


def _read(path: Path) -> dict[str, str]:
    return {"file": readable(path.name), "sha256": hash_of(path), "path": readable(str(path))}


def read_manifest(result: Path) -> Manifest:
    """The manifest that stands beside `result`.

    Raises: TableError where there is none, or it says too little to make the result again.
    """
    path = manifest_path(result)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        wrong = say("Beside “{result}” stands no manifest.", result=readable(result.name))
        remedy = say("Name a file that bangfu evaluate wrote with -o; what was only shown has no manifest.")
        raise TableError((Problem(Place(str(path)), wrong, None, remedy),)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, None) from error
    try:
        content = json.loads(text)
        if "changed_to" in content:
            raise _unreadable(path, say("It is beside a table that bangfu impact wrote: run that again instead."))
        return _manifest(content)
    except KeyError as error:
        raise _unreadable(path, say("It does not say “{key}”.", key=str(error.args[0]))) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _unreadable(path, None) from error


def _manifest(content: Mapping[str, object]) -> Manifest:
    asked = content["asked"]
    if not isinstance(asked, dict):
        raise TypeError
    is_by_date = "policies" in content
    return Manifest(
        policies=_by_days(content["policies"]) if is_by_date else (_policy(content),),
        is_by_date=is_by_date,
        engine=_text(content, "engine"),
        algebra=_text(content, "algebra"),
        today=_day(content, "blank_reference_date"),
        asked={key: _text(asked, key) for key in ("format", "encoding", "language")},
        source=_kept(content["input"]),
        persons=_by_group(content, "persons"),
        result=_kept(content["result"]),
        rejects=_kept(content["rejects"]) if "rejects" in content else None,
        rejected_persons=_by_group(content, "rejected_persons"),
    )


def _by_days(policies: object) -> tuple[PolicyKept, ...]:
    """The policies of a run by date, each with its days; there is at least one, and each has some."""
    if not isinstance(policies, list) or not policies:
        raise TypeError
    return tuple(replace(_policy(one), days=_days(one["days"])) for one in policies)


def _days(days: object) -> tuple[tuple[datetime.date, datetime.date], ...]:
    if not isinstance(days, list) or not days:
        raise TypeError
    return tuple((_day(one, "from"), _day(one, "until")) for one in days)


def _day(content: Mapping[str, object], key: str) -> datetime.date:
    return datetime.date.fromisoformat(_text(content, key))


def _policy(content: Mapping[str, object]) -> PolicyKept:
    questions = content["questions"]
    if not isinstance(questions, list):
        raise TypeError
    return PolicyKept(
        _text(content, "policy"), _text(content, "year"), _text(content, "fingerprint"), tuple(map(str, questions))
    )


def _by_group(content: Mapping[str, object], key: str) -> dict[str, FileKept]:
    found = content.get(key, {})
    if not isinstance(found, dict):
        raise TypeError
    return {group: _kept(file) for group, file in found.items()}


def _kept(file: object) -> FileKept:
    if not isinstance(file, dict):
        raise TypeError
    name = Path(_text(file, "file")).name  # a name alone: what is made again must not be written elsewhere
    return FileKept(name, _text(file, "sha256"), _text(file, "path") if "path" in file else "")


def _text(content: Mapping[str, object], key: str) -> str:
    if not isinstance(value := content[key], str):
        raise TypeError
    return value


def _unreadable(path: Path, expected: Message | None) -> TableError:
    wrong = say("This is no manifest that a result can be made again from.")
    remedy = say("Take it from where the result was written, or evaluate the input again.")
    return TableError((Problem(Place(str(path)), wrong, expected, remedy),))
