"""The files of a baseline: `baseline.json` to be read by people, and beside it the households, packed.

The packed file is JSON lines: the policy's full copy, what stands where, each case, each household, and for each rule a digest
of its values in every block of households. The plain file says what that comes to, and the digest of the packed text.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.messages import Message, say
from engine.source import Place, PolicyError, Problem
from engine.tables.whole import whole

__all__ = [
    "BLOCK",
    "Baseline",
    "Cells",
    "RecordedCase",
    "Row",
    "baseline_paths",
    "read_baseline",
    "unfold",
    "write_baseline",
]

BLOCK = 100
"""So many households share the digest of a rule's values."""

Cells = dict[str, object]
"""A household as cells write it; under the name of a group the list of its persons."""

Row = tuple[str, ...]
"""What is decided, a text for each heading; of a household that is refused one text, which says by what."""


@dataclass(frozen=True)
class RecordedCase:
    """A worked case as it was: what it said, what was decided, and the value of each rule."""

    said: Mapping[str, object]
    decided: Row
    rules: Row


@dataclass(frozen=True)
class Baseline:
    """What was decided for a year when it was recorded; `digests` holds for each rule a digest of each block of households."""

    policy: str
    fingerprint: str
    engine: str
    seed: int
    files: Mapping[str, str]
    headings: Row
    rules: Row
    cases: Mapping[str, RecordedCase]
    households: tuple[Cells, ...]
    decided: tuple[Row, ...]
    digests: Mapping[str, str]


def baseline_paths(folder: Path) -> tuple[Path, Path]:
    """Where the baseline of the policy in `folder` stands: what people read, and the packed households."""
    return folder / "baseline.json", folder / "baseline.jsonl.gz"


def write_baseline(folder: Path, baseline: Baseline, summary: Mapping[str, object]) -> bool:
    """Write `baseline` into `folder`, with `summary` where people read it; whether anything was new.

    What is there and says the same stays as it is, so that the same record is the same bytes however a machine packs.
    Raises: TableError where a file cannot be written.
    """
    plain_path, packed_path = baseline_paths(folder)
    packed = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in _lines(baseline))
    head = {
        "policy": baseline.policy,
        "fingerprint": baseline.fingerprint,
        "engine": baseline.engine,
        "seed": baseline.seed,
        "households": len(baseline.households),
        "packed_sha256": _digest(packed.encode()),
        "decided": summary,
        "cases": {
            name: {**case.said, "decided": dict(zip(baseline.headings, case.decided, strict=False))}
            for name, case in baseline.cases.items()
        },
    }
    text = json.dumps(head, ensure_ascii=False, indent=1) + "\n"
    if plain_path.is_file() and plain_path.read_text(encoding="utf-8") == text and _unpacked(packed_path) == packed:
        return False
    with whole(packed_path) as stream:
        stream.write(gzip.compress(packed.encode(), mtime=0))
    with whole(plain_path) as stream:
        stream.write(text.encode())
    return True


def _lines(baseline: Baseline) -> Iterator[object]:
    names = tuple(dict.fromkeys(name for household in baseline.households for name in household))
    yield {"policy": baseline.files}
    yield {"facts": names, "headings": baseline.headings, "rules": baseline.rules}
    for name, case in baseline.cases.items():
        yield {"case": name, "decided": case.decided, "rules": case.rules}
    for household, row in zip(baseline.households, baseline.decided, strict=True):
        yield [[household.get(name, "") for name in names], row]
    for rule, digests in baseline.digests.items():
        yield {"rule": rule, "digests": digests}


def read_baseline(folder: Path) -> Baseline | None:
    """The baseline of the policy in `folder`; None where there is none.

    Raises: PolicyError where it cannot be read, or its two files do not belong together.
    """
    plain_path, packed_path = baseline_paths(folder)
    if not plain_path.is_file():
        return None
    packed = _unpacked(packed_path)
    try:
        head = json.loads(plain_path.read_text(encoding="utf-8"))
        is_whole = packed is not None and head["packed_sha256"] == _digest(packed.encode())
        if not is_whole or packed is None:
            raise _broken(packed_path, say("It is not what {file} was written with.", file=plain_path.name))
        return _read(head, [json.loads(line) for line in packed.splitlines()])
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(plain_path, say("It is no baseline.")) from error


def _read(head: Mapping[str, object], lines: list[object]) -> Baseline:
    said = head["cases"]
    first, second, *others = lines
    assert isinstance(first, dict) and isinstance(second, dict) and isinstance(said, dict)
    cases, rows, digests = {}, [], {}
    for line in others:
        if isinstance(line, list):
            rows.append(line)
        elif isinstance(line, dict) and "case" in line:
            own = {key: value for key, value in said[line["case"]].items() if key != "decided"}
            cases[line["case"]] = RecordedCase(own, tuple(line["decided"]), tuple(line["rules"]))
        elif isinstance(line, dict):
            digests[line["rule"]] = line["digests"]
    names = second["facts"]
    return Baseline(
        policy=str(head["policy"]),
        fingerprint=str(head["fingerprint"]),
        engine=str(head["engine"]),
        seed=int(str(head["seed"])),
        files=first["policy"],
        headings=tuple(second["headings"]),
        rules=tuple(second["rules"]),
        cases=cases,
        households=tuple(
            {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""} for cells, _ in rows
        ),
        decided=tuple(tuple(row) for _, row in rows),
        digests=digests,
    )


def unfold(baseline: Baseline, folder: Path) -> None:
    """Write the policy as it was recorded into the new `folder`."""
    folder.mkdir()
    for name, text in baseline.files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _unpacked(path: Path) -> str | None:
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _broken(path: Path, expected: Message) -> PolicyError:
    wrong = say("The baseline cannot be read.")
    remedy = say("Take both files of the baseline from version control, or record the year again.")
    return PolicyError((Problem(Place(str(path)), wrong, expected, remedy),))
