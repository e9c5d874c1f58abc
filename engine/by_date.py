"""A run over a table in which each row is decided by the policy in force on the row's own day."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine import __version__
from engine.algebras.exact import Exact
from engine.batch import Progress, Run, Summary
from engine.decision import Decision, decimals, headings
from engine.expression import Reader, names_in
from engine.loading import load
from engine.manifest import policy_of, write_manifest
from engine.messages import Message, say
from engine.policy import Fact, Policy
from engine.source import Place, PolicyError, Problem, normal
from engine.tables import Cell, Record, Source, Target, create_target, open_source
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.headings import Kept
from engine.tables.intake import Intake
from engine.tables.whole import Parts, readable, refuse_over, together
from engine.timeline import Timeline, Version, read_timeline

__all__ = ["ByDate", "Part", "Versions", "evaluate_by_date"]

_MOST_SHOWN = 50


@dataclass(frozen=True)
class Versions:
    """The versions that may decide, each with its policy, and the days of each."""

    timeline: Timeline
    policies: Mapping[Version, Policy]


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
    progress: Progress | None = None,
    each: Callable[[Record, Decision], None] | None = None,
    language: str = "en",
) -> ByDate:
    """Every household in the table `source` decided by the version in `policies` that is in force on its reference date.

    `policies` is the folder of them all, or versions that are loaded already, to which `questions` says nothing.

    As `evaluate`, in the order of the rows. The result has the columns of every version that decided a row, blank where a
    version has no such column. A day on which no version is in force is a bad row. A household may stand in the table once for
    each year: what is unique is unique among the rows of one year.

    Raises: PolicyError where a version has problems or the timeline does not tell which one decides; TableError where a
    file cannot be read or written; HouseholdError where the columns are wrong for a version that a row needs.
    """
    refuse_over((target, rejects), (str(source),))
    versions = policies if isinstance(policies, Versions) else _loaded(policies, questions)
    day = today or datetime.date.today()
    opened = open_source(source, format=format, encoding=encoding)
    table = _Table(opened, Kept.of(opened.header, [policy.words["reason"] for policy in versions.policies.values()]))
    run = _Pass(_Router(versions, table, day), table, language)
    is_named = rejects is not None
    if target is not None and rejects is None:
        rejects = target.with_name(f"{target.stem}.rejects{target.suffix}")
    with together() as parts, ExitStack() as files:
        if target is not None:
            made = create_target(target, run.out_header(), like=opened, decimals=run.decimals())
            run.write_good(files.enter_context(made))
        if rejects is not None:
            run.write_bad(files.enter_context(create_target(rejects, run.rejects_header(), like=opened)))
        for record, route in zip(table.records(), run.routes, strict=True):
            run.take(record, route, each)
            if progress is not None:
                progress(*table.position())
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
        algebra="exact",
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
    return Versions(timeline, {version: load(version.folder, questions=questions) for version in found})


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


class _Router:
    """Tells which version decides a row: the one in force on the day that stands in its column for the reference date."""

    def __init__(self, versions: Versions, table: Source, today: datetime.date) -> None:
        self.timeline = versions.timeline
        self.policies = versions.policies
        self.today = today
        self.file = table.name
        self.facts = {version: _reference(version, policy) for version, policy in self.policies.items()}
        self.columns = {
            version: next((at for at, name in enumerate(table.header) if _is_named(fact, name)), None)
            for version, fact in self.facts.items()
        }
        self.known: dict[tuple[Cell, ...], Version] = {}

    def route(self, record: Record) -> Version | Problem:
        """The version that decides the row, or why none does."""
        if record.problem is not None:
            return Problem(Place(self.file, record.number), record.problem)
        days = tuple(record.cells[column] for column in self.columns.values() if column is not None)
        if days not in self.known:
            found = self._found(record)
            if isinstance(found, Problem):
                return found
            self.known[days] = found
        return self.known[days]

    def _found(self, record: Record) -> Version | Problem:
        found: list[Version] = []
        refused: list[Problem] = []
        for version in self.policies:
            day = self._day(version, record)
            if isinstance(day, Problem):
                refused.append(day)
            elif any(own.version is version and own.since <= day <= own.until for own in self.timeline.stretches):
                found.append(version)
            else:
                wrong = say("No policy is in force on {day}.", day=day)
                remedy = say("Correct the day, or add the policy of that day.")
                refused.append(self._problem(version, record, wrong, self.timeline.said(), remedy))
        if len(found) > 1:
            wrong = say("More than one policy decides this row: {names}.", names=tuple(each.name for each in found))
            return self._problem(found[-1], record, wrong, None, say("Correct the days in the row."))
        return found[0] if found else refused[-1]

    def _day(self, version: Version, record: Record) -> datetime.date | Problem:
        """The reference date of the row as `version` reads it."""
        fact, column, policy = self.facts[version], self.columns[version], self.policies[version]
        cell = None if column is None else record.cells[column]
        if is_blank(cell):
            day = _absent(fact, policy, self.today)
            if day is None:
                wrong = say("“{fact}” is blank, and its day tells which policy decides.", fact=fact.name)
                return self._problem(version, record, wrong, None, say("Fill it in."))
            return day
        try:
            value = read_cell(fact, cell, policy.words)
        except BadCell as bad:
            return self._problem(version, record, bad.wrong, bad.expected, bad.remedy)
        assert isinstance(value, datetime.date)
        return value

    def _problem(
        self, version: Version, record: Record, wrong: Message, expected: Message | None, remedy: Message | None
    ) -> Problem:
        return Problem(Place(self.file, record.number, label=self.facts[version].name), wrong, expected, remedy)


def _reference(version: Version, policy: Policy) -> Fact:
    """Raises: PolicyError where the policy has no reference date."""
    found = next((fact for fact in policy.facts if fact.is_reference and fact.kind == "date"), None)
    if found is None:
        wrong = say("“{name}” has no reference date, by which a row could be given to it.", name=version.name)
        remedy = say("Name the fact under “reference_date” in policy.yaml.")
        raise PolicyError((Problem(Place(str(version.folder / "policy.yaml")), wrong, None, remedy),))
    return found


def _is_named(fact: Fact, heading: str) -> bool:
    return normal(heading) in {normal(name) for name in (fact.name, *fact.also_named)}


def _absent(fact: Fact, policy: Policy, today: datetime.date) -> datetime.date | None:
    """The day that a blank means, where it depends on nothing but the day of the run."""
    if fact.absence is None or {node.id for node in names_in(fact.absence.value.tree)} - {"today"}:
        return None
    value = Reader(Exact(policy.tables), {"today": today}).read(fact.absence.value)
    return value if isinstance(value, datetime.date) else None


class _Table:
    """A table without the column that says why a row was set aside in an earlier run."""

    def __init__(self, table: Source, own: Kept) -> None:
        self.table = table
        self.own = own
        self.kept = own.columns
        self.header = tuple(table.header[at] for at in self.kept)
        self.name, self.format, self.encoding = table.name, table.format, table.encoding
        self.persons = table.persons

    def records(self) -> Iterator[Record]:
        """Every row."""
        for record in self.table.records():
            cells = record.cells if record.problem else tuple(record.cells[at] for at in self.kept)
            yield replace(record, cells=cells)

    def position(self) -> tuple[int, int]:
        """How far the table is read."""
        return self.table.position()


def _all(table: Source) -> Kept:
    """Every column of `table`, whose last one has been looked at."""
    return Kept(tuple(range(len(table.header))), "")


class _Share(_Table):
    """The rows of a table that some versions decide, as a table."""

    def __init__(self, table: Source, routes: Sequence[Version | None], wanted: Sequence[Version]) -> None:
        super().__init__(table, _all(table))
        self.routes = routes
        self.wanted = frozenset(wanted)

    def records(self) -> Iterator[Record]:
        """The rows of this share."""
        rows = zip(super().records(), self.routes, strict=True)
        return (record for record, route in rows if route in self.wanted)


def _refuse_groups(policies: Mapping[Version, Policy]) -> None:
    """Raises: PolicyError where a policy reads persons: their rows have no day of their own that would tell the policy."""
    for version, policy in policies.items():
        if policy.groups:
            wrong = say("“{name}” reads persons, and a table of them cannot be split by date.", name=version.name)
            remedy = say("Evaluate the rows of each policy by themselves, with --on.")
            raise PolicyError((Problem(Place(str(version.folder / "facts.yaml")), wrong, None, remedy),))


class _Pass:
    """One pass over a table, with a run for each version that decides a row of it."""

    def __init__(self, router: _Router, table: _Table, language: str) -> None:
        self.router = router
        self.table = table
        self.language = language
        self.routes = [found if isinstance(found := router.route(row), Version) else None for row in table.records()]
        policies = {version: policy for version, policy in router.policies.items() if version in set(self.routes)}
        _refuse_groups(policies)
        self.runs: dict[Version, Run] = {}
        for version, policy in policies.items():
            share = _Share(table, self.routes, [each for each, other in policies.items() if other.year == policy.year])
            self.runs[version] = Run(policy, share, Intake(policy, router.today), language, kept=_all(share))
        self.columns = _joined([headings(policy) for policy in policies.values()])
        self.reason = table.own.reason
        self.bad: Target | None = None
        self.astray = 0
        self.problems: list[Problem] = []

    def out_header(self) -> list[str]:
        return [*self.table.header, *self.columns]

    def result(self, target: Path | None, rejects: Path | None) -> ByDate:
        """What the pass came to."""
        parts = (Part(version, own.policy, own.summary) for version, own in self.runs.items())
        return ByDate(tuple(parts), self.astray, self.problems, str(target or ""), str(rejects or ""))

    def decimals(self) -> dict[str, int]:
        """The decimals of money under the headings of all versions."""
        found: dict[str, int] = {}
        for run in self.runs.values():
            for heading, places in decimals(run.policy).items():
                found[heading] = max(places, found.get(heading, 0))
        return found

    def rejects_header(self) -> list[str]:
        return [*self.table.header, self.reason]

    def write_good(self, target: Target) -> None:
        for run in self.runs.values():
            run.good = _Fitted(target, len(self.table.header), headings(run.policy), self.columns)

    def write_bad(self, target: Target) -> None:
        self.bad = target
        for run in self.runs.values():
            run.bad = target

    def take(self, record: Record, route: Version | None, each: Callable[[Record, Decision], None] | None) -> None:
        """Let the row's version decide it, or set it aside."""
        if route is not None:
            self.runs[route].take(record, each)
            return
        problem = self.router.route(record)
        assert isinstance(problem, Problem)
        self.astray += 1
        if len(self.problems) < _MOST_SHOWN:
            self.problems.append(problem)
        if self.bad is not None:
            width = len(self.table.header)
            cells = (list(record.cells) + [None] * width)[:width]
            self.bad.write([*cells, readable(problem.text(self.language))])


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
