"""What was found when a result was made again, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import __version__
from engine.batch import Summary
from engine.by_date import ByDate
from engine.manifest import Manifest
from engine.messages import Message, say
from engine.source import Problem
from engine.tables.whole import readable
from engine.verifying.comparing import MOST_SHOWN, Compared, Difference
from engine.verifying.finding import Found

__all__ = ["Verification"]


@dataclass(frozen=True)
class Verification:
    """What became of a result made again.

    `found` says where each policy stands. `is_same` says whether every byte is the same; `compared` what differs where it is
    not. `problems` are what has been changed since, or comes out otherwise.
    """

    result: Path
    manifest: Manifest
    found: tuple[Found, ...]
    summary: Summary | ByDate
    is_same: bool
    compared: Compared
    problems: tuple[Problem, ...]
    notes: tuple[Message, ...]

    @property
    def is_same_engine(self) -> bool:
        """Whether the engine at hand is of the version that wrote the result."""
        return self.manifest.engine == __version__

    @property
    def has_passed(self) -> bool:
        """Whether every byte is the same; under another version of the engine, whether every decision is."""
        return not self.problems and self.compared.is_same and (self.is_same or not self.is_same_engine)

    def text(self, language: str = "en") -> str:
        """What was found, for people, a line each."""
        return "\n".join(message.text(language) for message in _told(self))


def _told(verification: Verification) -> Iterator[Message]:
    manifest = verification.manifest
    for found in verification.found:
        where = say("as it was recorded in {folder}", folder=found.folder) if found.is_recorded else str(found.folder)
        yield say(
            "{policy}, fingerprint {fingerprint}: {where}",
            policy=found.kept.policy,
            fingerprint=found.kept.fingerprint,
            where=where,
        )
    if not verification.is_same_engine:
        yield say(
            "The result was written by bangfu {before}, and is made again by {now}: decisions are compared by value.",
            before=manifest.engine,
            now=__version__,
        )
    if verification.summary.because is not None:
        yield say("Row by row, because {reason}.", reason=verification.summary.because)
    yield from verification.notes
    yield from _differences(verification.compared)
    yield _verdict(verification)


def _differences(compared: Compared) -> Iterator[Message]:
    yield from (_difference(one) for one in compared.differences[:MOST_SHOWN])
    if len(compared.differences) > MOST_SHOWN:
        yield say("  … and more.")


def _difference(one: Difference) -> Message:
    if one.heading or (one.stands and one.again):
        return say(
            "  row {row}, {heading}: {stands} stands, {again} comes out",
            row=one.row,
            heading=one.heading or "—",
            stands=one.stands or "“”",
            again=one.again or "“”",
        )
    if one.stands:
        return say("  row {row} is one too many: {cells}", row=one.row, cells=one.stands)
    return say("  row {row} is missing: {cells}", row=one.row, cells=one.again)


def _verdict(found: Verification) -> Message:
    rows, result = found.summary.decided, readable(found.result.name)
    rejected = found.summary.rejected
    if found.has_passed and found.is_same:
        return say(
            "{result}: every byte is the same; {rows} rows decided again, {rejected} set aside again.",
            result=result,
            rows=rows,
            rejected=rejected,
        )
    if found.has_passed:
        return say(
            "{result}: every decision is the same by value; {rows} rows decided again.", result=result, rows=rows
        )
    if not found.compared.is_same:
        return _counted(found.compared, result)
    if found.is_same:
        return say("{result}: it comes out the same, but a file beside it does not.", result=result)
    return say("{result}: every cell is the same, but not every byte.", result=result)


def _counted(compared: Compared, result: str) -> Message:
    return say(
        "{result}: this is not what comes out. {same} rows are the same; {differing} differ, in {cells} cells; {extra} are too many, {missing} are missing.",
        result=result,
        same=compared.same,
        differing=compared.differing,
        cells=compared.cells,
        extra=compared.extra,
        missing=compared.missing,
    )
