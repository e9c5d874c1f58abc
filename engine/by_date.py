"""A run over a table in which each row is decided by the policy in force on the row's own day."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from engine import __version__
from engine.batch import Columns, Progress, Run, Summary, columns_for, refuse_typed, stream_for
from engine.cache import load_cached
from engine.decision import Decision, decimals, headings
from engine.manifest import policy_of, write_manifest
from engine.messages import Message, say
from engine.policy import Policy
from engine.routing import Router, Versions
from engine.source import Place, PolicyError, Problem
from engine.tables import Cell, Record, Source, Target, create_target, open_source
from engine.tables.headings import Kept
from engine.tables.intake import Intake
from engine.tables.shares import Share, Split
from engine.tables.whole import Parts, readable, refuse_over, together
from engine.timeline import Timeline, Version, read_timeline

__all__ = ["ByDate", "Part", "evaluate_by_date"]

_MOST_SHOWN = 50


@dataclass(frozen=True)
class Part:
    """What one version decided of a run."""

    version: Version
    policy: Policy
    summary: Summary


@dataclass
class ByDate:
    """What a run by date came to: a part for each version that had a row, by date, and the rows that no version decides."""

    parts: tuple[Part, ...] = ()
    algebra: str = "exact"
    because: Message | None = None
    """Why the algebra is not the one that a run would otherwise take."""
    astray: int = 0
    problems: list[Problem] = field(default_factory=list)
    """The problems of the first rows that no version decides."""
    output: str = ""
    rejects: str = ""
    manifest: str = ""

    @property
    def read(self) -> int:
        """All rows."""
        return self.astray + sum(part.summary.read for part in self.parts)

    @property
    def decided(self) -> int:
        """The rows that have a decision."""
        return sum(part.summary.decided for part in self.parts)

    @property
    def rejected(self) -> int:
        """The rows that were set aside, those without a version among them."""
        return self.read - self.decided


def evaluate_by_date(
    policies: Path | Versions,
    source: Path,
    target: Path | None = None,
    *,
    rejects: Path | None = None,
    questions: Sequence[str] = (),
    today: datetime.date | None = None,
    format: str | None = None,
    encoding: str | None = None,
    algebra: str | None = None,
    progress: Progress | None = None,
    first: int = 0,
    each: Callable[[Record, Decision], None] | None = None,
    language: str = "en",
) -> ByDate:
    """Every household in the table `source` decided by the version in `policies` that is in force on its reference date.

    `policies` is the folder of them all, or versions that are loaded already, to which `questions` says nothing.

    As `evaluate`, in the order of the rows. The result has the columns of every version that decided a row, blank where a
    version has no such column. A day on which no version is in force is a bad row. A household may stand in the table once for
    each year: what is unique is unique among the rows of one year. Of each version the summary keeps the `first` decisions.

    Raises: PolicyError where a version has problems or the timeline does not tell which one decides, or columns are asked for
    and cannot compute a version; TableError where a file cannot be read or written, or columns are asked for without polars;
    HouseholdError where the columns are wrong for a version that a row needs.
    """
    refuse_over((target, rejects), (str(source),))
    versions = policies if isinstance(policies, Versions) else _loaded(policies, questions)
    day = today or datetime.date.today()
    table = open_source(source, format=format, encoding=encoding)
    run = _Pass(versions, table, day, language, "exact" if each is not None and algebra is None else algebra)
    is_named = rejects is not None
    if target is not None and rejects is None:
        rejects = target.with_name(f"{target.stem}.rejects{target.suffix}")
    with together() as parts, ExitStack() as files:
        if target is not None:
            made = create_target(target, run.out_header(), like=table, decimals=run.decimals())
            run.write_good(target, files.enter_context(made))
        if rejects is not None:
            run.write_bad(files.enter_context(create_target(rejects, run.rejects_header(), like=table)))
        run.all(first, progress, each)
        files.close()
        result = run.result(target, rejects)
        if rejects is not None and not is_named and not result.rejected:
            parts.drop(rejects)
            rejects = None
        if target is not None:
            asked = {"format": format or "", "encoding": encoding or "", "language": language}
            run_made = _Made(result, target, rejects, Path(source))
            result.manifest = str(_write_manifest(run_made, versions, parts, day, asked))
    return result


@dataclass(frozen=True)
class _Made:
    """A run and its files."""

    result: ByDate
    target: Path
    rejects: Path | None
    source: Path


def _write_manifest(
    made: _Made, versions: Versions, parts: Parts, today: datetime.date, asked: Mapping[str, str]
) -> Path:
    result = made.result
    counted = {part.version: {"counts": part.summary.counts()} for part in result.parts}
    policies = [
        {
            **policy_of(policy),
            "folder": readable(str(version.folder)),
            "days": [
                {"from": stretch.since.isoformat(), "until": stretch.until.isoformat()}
                for stretch in versions.timeline.stretches
                if stretch.version is version
            ],
            **counted.get(version, {}),
        }
        for version, policy in versions.policies.items()
    ]
    counts = {"read": result.read, "decided": result.decided, "rejected": result.rejected}
    return write_manifest(
        made.target,
        {"policies": policies},
        version=__version__,
        algebra=result.algebra,
        because="" if result.because is None else result.because.text(asked["language"]),
        source=made.source,
        today=today,
        counts={**counts, "without_policy": result.astray},
        asked=asked,
        stands=parts.part,
        rejects=made.rejects,
        known=parts.sha256,
    )


def _loaded(policies: Path, questions: Sequence[str]) -> Versions:
    """Every version in the folder `policies` that is in force on a day.

    Raises: PolicyError where one has problems, or the timeline does not tell which one decides.
    """
    timeline = read_timeline(policies)
    _check(timeline)
    found = dict.fromkeys(stretch.version for stretch in timeline.stretches)
    return Versions(timeline, {version: load_cached(version.folder, questions) for version in found})


def _check(timeline: Timeline) -> None:
    """Raises: PolicyError where the timeline does not tell for every day which version decides."""
    wrong = timeline.unread + tuple(problem for problem in timeline.problems if not problem.is_warning)
    place = Place(str(timeline.folder))
    if not wrong and len(timeline.issuers()) > 1:
        told = say("The policies here are of several issuers: {issuers}.", issuers=timeline.issuers())
        remedy = say("Put the policies of each issuer into a folder of their own, and name it with --policies.")
        wrong = (Problem(place, told, say("A row's day does not tell whose policy decides it."), remedy),)
    if not wrong and not timeline.stretches:
        wrong = (Problem(place, say("There is no policy here."), None, say("Check the path given with --policies.")),)
    if wrong:
        raise PolicyError(wrong)


def _refuse_groups(policies: Mapping[Version, Policy]) -> None:
    """Raises: PolicyError where a policy reads persons: their rows have no day of their own that would tell the policy."""
    for version, policy in policies.items():
        if policy.groups:
            wrong = say("“{name}” reads persons, and a table of them cannot be split by date.", name=version.name)
            remedy = say("Evaluate the rows of each policy by themselves, with --on.")
            raise PolicyError((Problem(Place(str(version.folder / "facts.yaml")), wrong, None, remedy),))


class _Pass:
    """One pass over a table, with a run for each version that decides a row of it, by its number among all versions."""

    def __init__(
        self, versions: Versions, table: Source, today: datetime.date, language: str, algebra: str | None
    ) -> None:
        self.kept = Kept.of(table.header, [policy.words["reason"] for policy in versions.policies.values()])
        self.header = tuple(table.header[at] for at in self.kept.columns)
        self.language = language
        self.router = Router(versions, self.header, table.name, today)
        columns, count = self.router.columns, len(versions.policies)
        self.split = Split(table, self.kept.columns, columns, count, self.router.number)
        self.stream, self.because = stream_for(table, algebra)
        self.versions = self._with_rows(versions)
        policies = {version: versions.policies[version] for version in self.versions.values()}
        _refuse_groups(policies)
        begins: Mapping[Version, Begin] = {}
        if self.stream is not None:
            begins, self.because = _begins(policies, table, algebra)
            self.stream = self.stream if self.because is None else None
        self.runs = {number: self._run(number, policies, begins, today) for number in self.versions}
        self.columns = _joined([headings(policy) for policy in policies.values()])
        self.good: Target | None = None
        self.bad: Target | None = None
        self.astray = 0
        self.problems: list[Problem] = []

    def _with_rows(self, versions: Versions) -> dict[int, Version]:
        """The versions that decide a row."""
        parts = self.split.parts() if self.stream is None else self.stream.parts_of(self.split)
        return {number: version for number, version in enumerate(versions.policies) if number in parts}

    def _run(
        self,
        number: int,
        policies: Mapping[Version, Policy],
        begins: Mapping[Version, Begin],
        today: datetime.date,
    ) -> Run:
        """The run of a version, which looks for what must be unique in the rows of all versions of its year."""
        version = self.versions[number]
        policy = policies[version]
        same = [at for at, other in self.versions.items() if policies[other].year == policy.year]
        share, intake = Share(self.split, same), Intake(policy, today)
        run = Run(policy, share, intake, self.language, by_columns=begins.get(version), kept=self.kept)
        run.summary.because = self.because
        return run

    def out_header(self) -> list[str]:
        return [*self.header, *self.columns]

    def result(self, target: Path | None, rejects: Path | None) -> ByDate:
        """What the pass came to."""
        parts = tuple(
            Part(version, self.runs[at].policy, self.runs[at].summary) for at, version in self.versions.items()
        )
        algebra = "exact" if self.stream is None else "columns"
        return ByDate(parts, algebra, self.because, self.astray, self.problems, str(target or ""), str(rejects or ""))

    def decimals(self) -> dict[str, int]:
        """The decimals of money under the headings of all versions."""
        found: dict[str, int] = {}
        for run in self.runs.values():
            for heading, places in decimals(run.policy).items():
                found[heading] = max(places, found.get(heading, 0))
        return found

    def rejects_header(self) -> list[str]:
        return [*self.header, self.kept.reason]

    def write_good(self, path: Path, target: Target) -> None:
        """Good rows are written into `target`, the file `path`.

        Raises: TableError where it has typed columns, and rows are decided one by one.
        """
        if self.stream is None:
            refuse_typed(path, target)
        self.good = target
        for run in self.runs.values():
            run.good = _Fitted(target, len(self.header), headings(run.policy), self.columns)

    def write_bad(self, target: Target) -> None:
        self.bad = target
        for run in self.runs.values():
            run.bad = target

    def all(self, first: int, progress: Progress | None, each: Callable[[Record, Decision], None] | None) -> None:
        """Decide every row, and keep the `first` decisions of each version."""
        if self.stream is not None:
            joined = self.stream.Joined(self.columns, self.decimals(), self.good, self.set_aside)
            self.stream.Together(self.runs, self.split, joined).decide(first, progress)
            return
        for record in self.split.table.records():
            number = self.split.part(record)
            if number is None:
                self.set_aside(record)
            else:
                self.runs[number].take(record, first, each)
            if progress is not None:
                progress(*self.split.table.position())

    def set_aside(self, record: Record) -> None:
        """Count a row that no version decides, and write it with the reason."""
        problem = self.router.problem(record)
        self.astray += 1
        if len(self.problems) < _MOST_SHOWN:
            self.problems.append(problem)
        if self.bad is not None:
            cells = (record.cells[at] if at < len(record.cells) else None for at in self.kept.columns)
            self.bad.write([*cells, readable(problem.text(self.language))])


Begin = Callable[[Run], Columns]


def _begins(
    policies: Mapping[Version, Policy], table: Source, asked: str | None
) -> tuple[Mapping[Version, Begin], Message | None]:
    """What begins a run by columns of each version; and why it is exact where a version cannot be computed so.

    Raises: PolicyError where columns are `asked` for and cannot be had.
    """
    found: dict[Version, Begin] = {}
    for version, policy in policies.items():
        begin, because = columns_for(policy, table, asked)
        if begin is None:
            assert because is not None
            return {}, say("{name}: {reason}", name=version.name, reason=because)
        found[version] = begin
    return found, None


def _joined(headings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All headings, those of the last version in their order, each other one behind the one that it follows in its own."""
    found: list[str] = list(headings[-1]) if headings else []
    for own in reversed(headings[:-1]):
        for before, heading in zip((None, *own), own, strict=False):
            if heading not in found:
                found.insert(0 if before is None else found.index(before) + 1, heading)
    return tuple(found)


class _Fitted:
    """A target whose rows have the columns of all versions, for the rows of one."""

    def __init__(self, target: Target, width: int, own: Sequence[str], columns: Sequence[str]) -> None:
        self.target = target
        self.width = width
        self.own = {heading: at for at, heading in enumerate(own, width)}
        self.columns = columns

    def beside(self, group: str, header: Sequence[str]) -> Target | None:
        """No table of persons: policies that read persons are not decided by date."""
        return None

    def write(self, cells: Sequence[Cell]) -> None:
        """One row: the table's own cells, then each column, blank where the version has none."""
        added = (cells[self.own[heading]] if heading in self.own else None for heading in self.columns)
        self.target.write([*cells[: self.width], *added])
