"""A run in either algebra, and what differs between the two: nothing may, in no file and no count."""

import datetime
import json
from dataclasses import fields
from pathlib import Path

from rows_2023 import scheme

import engine
from engine import Policy, Summary

__all__ = ["DAY", "differences", "run"]

DAY = datetime.date(2023, 8, 1)


def run(
    source: Path, folder: Path, algebra: str, policy: Policy | None = None, ending: str = "", **options: object
) -> Summary:
    """The summary of a run whose files stand in `folder`, all called alike whatever the algebra."""
    folder.mkdir(exist_ok=True)
    return engine.evaluate(
        policy or scheme(), source, folder / f"out{ending or source.suffix}", today=DAY, algebra=algebra, **options
    )


def differences(
    source: Path, folder: Path, policy: Policy | None = None, ending: str = "", **options: object
) -> list[str]:
    """The files and counts in which the two algebras do not come to the same."""
    exact = run(source, folder / "exact", "exact", policy, ending, **options)
    columns = run(source, folder / "columns", "columns", policy, ending, **options)
    assert (exact.algebra, columns.algebra) == ("exact", "columns")
    found = []
    for field in fields(Summary):
        one, other = getattr(exact, field.name), getattr(columns, field.name)
        if field.name not in ("algebra", "output", "rejects", "manifest", "rejected_persons") and _told(one) != _told(
            other
        ):
            found.append(f"{field.name}: {one} / {other}")
    names = {path.name for part in ("exact", "columns") for path in (folder / part).iterdir()}
    for name in sorted(names):
        one, other = (folder / part / name for part in ("exact", "columns"))
        if not (one.exists() and other.exists()) or _content(one) != _content(other):
            found.append(name)
    return found


def _told(value: object) -> object:
    return list(value.items()) if isinstance(value, dict) else value


def _content(path: Path) -> bytes:
    if not path.name.endswith(".manifest.json"):
        return path.read_bytes()
    content = json.loads(path.read_bytes())
    del content["algebra"], content["written"]
    return json.dumps(content).encode()
