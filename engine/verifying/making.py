"""A result made again from its manifest, and held against what stands."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from engine import __version__
from engine.batch import Summary, evaluate
from engine.by_date import ByDate, evaluate_by_date
from engine.decision import headings
from engine.manifest import FileKept, Manifest, hash_of, read_manifest
from engine.messages import say
from engine.routing import Versions
from engine.source import Place, Problem
from engine.tables import TableError, open_source
from engine.tables.whole import readable
from engine.timeline import Stretch, Timeline, Version
from engine.verifying.comparing import Compared, compared
from engine.verifying.finding import Found, found_input, found_persons, found_policy, problem
from engine.verifying.report import Verification

__all__ = ["verify"]

_OF_THE_HOUR = "docProps/core.xml"
"""The part of a workbook that says when it was written."""


@dataclass(frozen=True)
class _Input:
    """What is read again: the table, the tables of persons by group, and by which path each was given then."""

    source: Path
    persons: Mapping[str, Path]
    given: Mapping[str, str]

    @property
    def is_moved(self) -> bool:
        """Whether a file stands elsewhere today."""
        return any(path != before for path, before in self.given.items())


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

    Raises: TableError where the result, its manifest or an input is missing, cannot be read or was changed, and where `persons`
    names a group that the result was made without; PolicyError where
    no policy has the fingerprint; HouseholdError where the columns of the input no longer are those of the policy.
    """
    manifest = read_manifest(result)
    if not result.is_file():
        raise problem(result, say("There is no such file."), say("Check the name and the folder."))
    source_found = found_input(result, manifest.source, source)
    of_persons = found_persons(result, manifest, persons)
    given = {str(source_found): manifest.source.path}
    given |= {str(of_persons[group]): kept.path for group, kept in manifest.persons.items()}
    read = _Input(source_found, of_persons, given)
    with TemporaryDirectory() as name:
        place = Path(name)
        found = tuple(found_policy(kept, policies, place / str(at)) for at, kept in enumerate(manifest.policies))
        summary = _again(manifest, found, result, place, read, progress)
        again = Path(summary.output)
        is_same = _is_same(result, again)
        changed = tuple(_changed(result, manifest))
        try:
            differing = Compared() if is_same else _compared(manifest, found, result, again)
        except TableError as error:
            raise TableError((*changed, *error.problems)) from error
        problems = (*changed, *_rejects(result, manifest, summary, read))
    notes = (say("The input was found under another path than the one it was given by."),) if read.is_moved else ()
    return Verification(result, manifest, found, summary, is_same, differing, problems, notes)


def _again(
    manifest: Manifest,
    found: Sequence[Found],
    result: Path,
    place: Path,
    read: _Input,
    progress: Callable[[int, int], None] | None,
) -> Summary | ByDate:
    for name in ("result", "rejects"):
        (place / name).mkdir()
    target = place / "result" / result.name
    rejects = None if manifest.rejects is None else place / "rejects" / manifest.rejects.name
    format, encoding = manifest.asked["format"] or None, manifest.asked["encoding"] or None
    algebra = "exact" if manifest.algebra == "exact" else None
    if manifest.is_by_date:
        return evaluate_by_date(
            _versions(found),
            read.source,
            target,
            rejects=rejects,
            today=manifest.today,
            format=format,
            encoding=encoding,
            algebra=algebra,
            progress=progress,
            language=manifest.asked["language"],
        )
    return evaluate(
        found[0].policy,
        read.source,
        target,
        persons=read.persons,
        rejects=rejects,
        today=manifest.today,
        format=format,
        encoding=encoding,
        algebra=algebra,
        progress=progress,
        language=manifest.asked["language"],
    )


def _versions(found: Sequence[Found]) -> Versions:
    """The policies with the days that they had when the result was made."""
    stretches: list[Stretch] = []
    policies = {}
    for one in found:
        days = one.kept.days
        ends = (min(since for since, _ in days), max(until for _, until in days))
        version = Version(Path(one.folder.name), "", *ends, frozenset(), Place(str(one.folder)))
        policies[version] = one.policy
        stretches += (Stretch(version, since, until) for since, until in days)
    stretches.sort(key=lambda stretch: (stretch.since, stretch.version.name))
    return Versions(Timeline(Path(), tuple(policies), tuple(stretches), (), ()), policies)


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


def _rejects(result: Path, manifest: Manifest, summary: Summary | ByDate, read: _Input) -> Iterator[Problem]:
    """What is otherwise in the files of what was set aside; their wording counts under the same engine only."""
    if manifest.engine != __version__:
        return
    again = Path(summary.rejects)
    pairs = [(manifest.rejects, again if again.is_file() else None)]
    of_persons = summary.rejected_persons if isinstance(summary, Summary) else {}
    pairs += [
        (manifest.rejected_persons.get(group), Path(file))
        for group, file in of_persons.items()
        if file != summary.rejects
    ]
    for kept, made in pairs:
        if kept is None and made is None:
            continue
        if kept is None or made is None or not _is_as_kept(result.parent / kept.name, kept, made, read):
            name = kept.name if kept is not None else made.name if made is not None else ""
            wrong = say("The rows set aside are not those that were, or the file was changed.")
            remedy = say("Bring back the file of rejects as it was written.")
            yield Problem(Place(str(result.parent / name)), wrong, None, remedy)


def _is_as_kept(stands: Path, kept: FileKept, made: Path, read: _Input) -> bool:
    """Whether the rejects made again are those kept, with the input named by the path that it was given by then."""
    if not read.is_moved and not zipfile.is_zipfile(made):
        return hash_of(made) == kept.sha256
    if not stands.is_file() or hash_of(stands) != kept.sha256:
        return False
    groups = tuple(read.persons)
    return _rows(stands, {}, groups) == _rows(made, read.given, groups)


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


def _compared(manifest: Manifest, found: Sequence[Found], result: Path, again: Path) -> Compared:
    """What differs by value; under another engine in the columns of the decision only."""
    groups = tuple(group.name for one in found for group in one.policy.groups)
    one, other = (open_source(path, groups=groups) for path in (result, again))
    decided = dict.fromkeys(name for each in found for name in headings(each.policy))
    own = [name for name in other.header if name not in decided]
    if manifest.engine == __version__:
        return compared(one, other, tuple(dict.fromkeys((*other.header, *one.header))), own)
    of_policy = {word for each in found for word in (each.policy.words["policy"], each.policy.words["fingerprint"])}
    return compared(one, other, [name for name in decided if name not in of_policy], own)
