"""A result made again from its manifest, and held against what stands: every byte, or every decision by value."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from engine import __version__
from engine.batch import Summary, evaluate
from engine.decision import headings
from engine.folders import years
from engine.loading import load
from engine.manifest import FileKept, Manifest, hash_of, read_manifest
from engine.messages import Message, say
from engine.policy import Policy
from engine.regression import read_baseline, unfold
from engine.source import Place, PolicyError, Problem
from engine.tables import Record, Source, TableError, open_source
from engine.tables.whole import readable

__all__ = ["Difference", "Verification", "verify"]

_MOST_SHOWN = 20
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_OF_THE_HOUR = "docProps/core.xml"
"""The part of a workbook that says when it was written."""


@dataclass(frozen=True)
class Difference:
    """A cell that is otherwise: its row and heading in the result, what stands there, and what the run made again says.

    Without a heading it is a whole row that only one of the two has; row 0 is the header.
    """

    row: int
    heading: str
    stands: str
    again: str


@dataclass(frozen=True)
class Verification:
    """What became of a result made again.

    `folder` is where the policy was found; `is_recorded` says that it was the full copy in the baseline there.
    `is_same` says whether every byte is the same; `differences` holds the first cells that are not, of the columns that
    `columns` names. `problems` are what has been changed since, or comes out otherwise.
    """

    result: Path
    manifest: Manifest
    folder: Path
    is_recorded: bool
    summary: Summary
    is_same: bool
    columns: tuple[str, ...]
    differences: tuple[Difference, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Message, ...]

    @property
    def is_same_engine(self) -> bool:
        """Whether the engine at hand is of the version that wrote the result."""
        return self.manifest.engine == __version__

    @property
    def has_passed(self) -> bool:
        """Whether every byte is the same; under another version of the engine, whether every decision is."""
        return not self.problems and not self.differences and (self.is_same or not self.is_same_engine)

    def text(self, language: str = "en") -> str:
        """What was found, for people, a line each."""
        return "\n".join(message.text(language) for message in _told(self))


def verify(
    result: Path,
    policies: Path,
    *,
    source: Path | None = None,
    persons: Mapping[str, Path] = MappingProxyType({}),
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """The `result` made again as its manifest says, and held against what stands.

    The policy is looked for by year and fingerprint in the folders of `policies`, then in what was recorded there.
    `source` and `persons` say where the input stands today, where it is neither where it was nor beside the result.

    Raises: TableError where the result, its manifest or an input is missing, cannot be read or was changed; PolicyError where
    no policy has the fingerprint; HouseholdError where the columns of the input no longer are those of the policy.
    """
    manifest = read_manifest(result)
    if not result.is_file():
        raise _problem(result, say("There is no such file."), say("Check the name and the folder."))
    found = _input(result, manifest.source, source)
    of_persons = {group: _input(result, kept, persons.get(group)) for group, kept in manifest.persons.items()}
    with TemporaryDirectory() as name:
        place = Path(name)
        policy, folder, is_recorded = _policy(manifest, policies, place)
        summary = _again(manifest, policy, result, place, found, of_persons, progress)
        again = Path(summary.output)
        is_same = _is_same(result, again)
        changed = tuple(_changed(result, manifest))
        groups = tuple(group.name for group in policy.groups)
        try:
            columns, different = ((), ()) if is_same else _compared(manifest, policy, result, again)
        except TableError as error:
            raise TableError((*changed, *error.problems)) from error
        given = {str(found): manifest.source.path} | {
            str(of_persons[group]): kept.path for group, kept in manifest.persons.items()
        }
        problems = (*changed, *_rejects(result, manifest, summary, given, groups))
    is_moved = any(path != before for path, before in given.items())
    notes = (say("The input was found under another path than the one it was given by."),) if is_moved else ()
    return Verification(result, manifest, folder, is_recorded, summary, is_same, columns, different, problems, notes)


def _problem(path: Path, wrong: Message, remedy: Message, expected: Message | None = None) -> TableError:
    return TableError((Problem(Place(str(path)), wrong, expected, remedy),))


# What it was made of


def _input(result: Path, kept: FileKept, asked: Path | None) -> Path:
    """The file that `kept` names: the one asked for, else where it was, else beside the result; with the bytes that it had."""
    places = (Path(kept.path), result.parent / kept.path, result.parent / kept.name) if asked is None else (asked,)
    there = [path for path in places if path.is_file()]
    for path in there:
        if hash_of(path) == kept.sha256:
            return path
    expected = say("Expected: SHA-256 {hash}.", hash=kept.sha256)
    if there:
        wrong = say("The input was changed after the result was made from it.")
        raise _problem(there[0], wrong, say("Bring back the file as it was, and name it with --input."), expected)
    wrong = say("The input of the result is not here.")
    raise _problem(places[0], wrong, say("Name it with --input, a table of persons with --persons."), expected)


def _policy(manifest: Manifest, policies: Path, place: Path) -> tuple[Policy, Path, bool]:
    """The policy with the fingerprint of the manifest, the folder that has it, and whether it is the recorded copy there."""
    names = years(policies)
    folders = [policies / name for name in sorted(names, key=lambda name: not name.startswith(manifest.year))]
    known: list[Message | str] = []
    problems: list[Problem] = []
    for folder in folders:
        try:
            policy = load(folder, questions=manifest.questions)
        except PolicyError as error:
            problems += (problem for problem in error.problems if not problem.is_warning)
            continue
        if policy.fingerprint == manifest.fingerprint:
            return policy, folder, False
        known.append(f"{folder.name} {policy.fingerprint}")
    for folder in folders:
        recorded = _recorded(manifest, folder, place)
        if isinstance(recorded, Policy):
            return recorded, folder, True
        known += recorded
    wrong = say(
        "No policy here has the fingerprint {fingerprint} of “{policy}”.",
        fingerprint=manifest.fingerprint,
        policy=manifest.policy,
    )
    expected = say("There are: {known}.", known=tuple(known) or "—")
    remedy = say("Name with --policies the folder in which that version of the policy stands.")
    raise PolicyError((Problem(Place(str(policies)), wrong, expected, remedy), *problems))


def _recorded(manifest: Manifest, folder: Path, place: Path) -> Policy | tuple[Message | str, ...]:
    """The policy as it was recorded in `folder`, where that is the manifest's; else the fingerprint that it has."""
    baseline = read_baseline(folder)
    if baseline is None:
        return ()
    copy = place / "recorded" / folder.resolve().name
    copy.parent.mkdir(exist_ok=True)
    unfold(baseline, copy)
    try:
        policy = load(copy, questions=manifest.questions)
    except PolicyError:
        return (say("{folder} (recorded, but it cannot be loaded)", folder=folder.name),)
    is_it = manifest.fingerprint in (policy.fingerprint, "" if manifest.questions else baseline.fingerprint)
    return policy if is_it else (f"{folder.name}/baseline.json {policy.fingerprint}",)


# Made again


def _again(
    manifest: Manifest,
    policy: Policy,
    result: Path,
    place: Path,
    source: Path,
    persons: Mapping[str, Path],
    progress: Callable[[int, int], None] | None,
) -> Summary:
    rejects = None if manifest.rejects is None else place / "rejects" / manifest.rejects.name
    for name in ("result", "rejects"):
        (place / name).mkdir()
    return evaluate(
        policy,
        source,
        place / "result" / result.name,
        persons=persons,
        rejects=rejects,
        today=manifest.today,
        format=manifest.asked["format"] or None,
        encoding=manifest.asked["encoding"] or None,
        algebra="exact" if manifest.algebra == "exact" else None,
        progress=progress,
        language=manifest.asked["language"],
    )


def _is_same(one: Path, other: Path) -> bool:
    """Whether every byte is the same; in a workbook of each part but the one that says when it was written."""
    if zipfile.is_zipfile(one) and zipfile.is_zipfile(other):
        return _parts(one) == _parts(other)
    return hash_of(one) == hash_of(other)


def _parts(path: Path) -> dict[str, str | int]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.CRC if entry.filename != _OF_THE_HOUR else "" for entry in archive.infolist()}


def _changed(result: Path, manifest: Manifest) -> Iterator[Problem]:
    if hash_of(result) != manifest.result.sha256:
        wrong = say("The result was changed after it was written.")
        expected = say("Expected: SHA-256 {hash}.", hash=manifest.result.sha256)
        remedy = say("Bring back the file as it was, or evaluate the input again.")
        yield Problem(Place(str(result)), wrong, expected, remedy)


def _rejects(
    result: Path, manifest: Manifest, summary: Summary, given: Mapping[str, str], groups: Sequence[str]
) -> Iterator[Problem]:
    """What is otherwise in the files of what was set aside; their wording counts under the same engine only."""
    if manifest.engine != __version__:
        return
    again = Path(summary.rejects)
    pairs = [(manifest.rejects, again if again.is_file() else None)]
    pairs += [
        (manifest.rejected_persons.get(group), Path(file))
        for group, file in summary.rejected_persons.items()
        if file != summary.rejects
    ]
    for kept, made in pairs:
        if kept is None and made is None:
            continue
        if kept is None or made is None or not _is_as_kept(result.parent / kept.name, kept, made, given, groups):
            name = kept.name if kept is not None else made.name if made is not None else ""
            wrong = say("The rows set aside are not those that were, or the file was changed.")
            remedy = say("Bring back the file of rejects as it was written.")
            yield Problem(Place(str(result.parent / name)), wrong, None, remedy)


def _is_as_kept(stands: Path, kept: FileKept, made: Path, given: Mapping[str, str], groups: Sequence[str]) -> bool:
    """Whether the rejects made again are those kept, with the input named by the path that it was given by then."""
    is_moved = any(path != before for path, before in given.items())
    if not is_moved and not zipfile.is_zipfile(made):
        return hash_of(made) == kept.sha256
    if not stands.is_file() or hash_of(stands) != kept.sha256:
        return False
    return _rows(stands, {}, groups) == _rows(made, given, groups)


def _rows(path: Path, given: Mapping[str, str], groups: Sequence[str]) -> list[tuple[str, ...]]:
    """The texts of every row, the header first; the input under the path that it was given by then."""
    table = open_source(path, groups=groups)
    found = []
    for one in (table, *table.persons.values()):
        for cells in (one.header, *(record.cells for record in one.records())):
            texts = [str(cell) for cell in cells]
            for now, before in given.items():
                texts = [text.replace(f"{readable(now)}:", f"{before}:") for text in texts]
            found.append(tuple(texts))
    return found


# Held against each other


def _compared(
    manifest: Manifest, policy: Policy, result: Path, again: Path
) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    """The columns that are compared, and the first cells that differ in them by value."""
    groups = tuple(group.name for group in policy.groups)
    one, other = (open_source(path, groups=groups) for path in (result, again))
    if manifest.engine == __version__:
        names: tuple[str, ...] = tuple(dict.fromkeys((*other.header, *one.header)))
    else:
        of_policy = (policy.words["policy"], policy.words["fingerprint"])
        names = tuple(name for name in headings(policy) if name not in of_policy)
    return names, tuple(islice(_differing(one, other, names), _MOST_SHOWN + 1))


def _differing(one: Source, other: Source, names: Sequence[str]) -> Iterator[Difference]:
    first, second = (dict(zip(table.header, range(len(table.header)), strict=True)) for table in (one, other))
    for name in names:
        if name not in first or name not in second:
            yield Difference(0, name, name if name in first else "—", name if name in second else "—")
    shared = [(name, first[name], second[name]) for name in names if name in first and name in second]
    for stands, again in zip_longest(one.records(), other.records()):
        if stands is None or again is None or stands.problem is not None or again.problem is not None:
            yield Difference(
                (stands or again).number, "", *("—" if row is None else _line(row) for row in (stands, again))
            )
            continue
        for name, at, other_at in shared:
            before, now = stands.cells[at], again.cells[other_at]
            if _value(before) != _value(now):
                yield Difference(stands.number, name, str(before or ""), str(now or ""))


def _line(record: Record) -> str:
    return " | ".join("" if cell is None else str(cell) for cell in record.cells[:5])


def _value(cell: object) -> object:
    """What a cell says, however its format writes it: a number as a number, all else as text."""
    text = "" if cell is None else str(cell)
    return Fraction(text) if _NUMBER.fullmatch(text) else text


# Told


def _told(found: Verification) -> Iterator[Message]:
    manifest, summary = found.manifest, found.summary
    where = say("as it was recorded in {folder}", folder=found.folder) if found.is_recorded else str(found.folder)
    yield say(
        "{policy}, fingerprint {fingerprint}: {where}",
        policy=manifest.policy,
        fingerprint=manifest.fingerprint,
        where=where,
    )
    if not found.is_same_engine:
        yield say(
            "The result was written by bangfu {before}, and is made again by {now}: decisions are compared by value.",
            before=manifest.engine,
            now=__version__,
        )
    if summary.because is not None:
        yield say("Row by row, because {reason}.", reason=summary.because)
    yield from found.notes
    for one in found.differences[:_MOST_SHOWN]:
        yield say(
            "  row {row}, {heading}: {stands} stands, {again} comes out",
            row=one.row,
            heading=one.heading or "—",
            stands=one.stands or "“”",
            again=one.again or "“”",
        )
    if len(found.differences) > _MOST_SHOWN:
        yield say("  … and more.")
    yield _verdict(found)


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
    if found.differences:
        return say("{result}: this is not what comes out.", result=result)
    if found.is_same:
        return say("{result}: it comes out the same, but a file beside it does not.", result=result)
    return say("{result}: every cell is the same, but not every byte.", result=result)
