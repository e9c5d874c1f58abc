"""A run over a table of households: rows in, rows out, bad rows set aside with their reasons; whole or not at all."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from engine import __version__
from engine.algebras.exact import Value
from engine.decision import Decision, decided, decimals, headings
from engine.manifest import policy_of, write_manifest
from engine.messages import Message, plain, say
from engine.policy import Fact, Policy
from engine.source import Place, PolicyError, Problem
from engine.tables import Cell, ColumnTarget, Record, Source, TableError, Target, create_target, open_source
from engine.tables.cells import key_of
from engine.tables.headings import Kept
from engine.tables.intake import Household, HouseholdError, Intake
from engine.tables.persons import Persons, households
from engine.tables.whole import Parts, readable, refuse_over, together

__all__ = ["ALGEBRAS", "Columns", "Run", "Summary", "columns_for", "evaluate", "refuse_typed", "stream_for"]

Progress = Callable[[int, int], None]
"""Told after each row how far the run is, and how far it is in all."""


@dataclass
class Summary:
    """What a run came to: rows read, decided and set aside; number and money by category, aid, conclusion and approval."""

    policy: str
    year: str
    fingerprint: str
    algebra: str
    encoding: str
    output: str = ""
    rejects: str = ""
    manifest: str = ""
    read: int = 0
    decided: int = 0
    rejected: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    conclusions: Counter[str] = field(default_factory=Counter)
    approvals: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """The rejected rows by the sentence that says what is wrong."""
    aids: Counter[str] = field(default_factory=Counter)
    money: dict[str, int | Fraction] = field(default_factory=dict)
    total: int | Fraction = 0
    payable: int | Fraction = 0
    problems: list[Problem] = field(default_factory=list)
    """The problems of the first rejected rows, at most `most_shown`."""
    most_shown: int = 50
    persons: dict[str, int] = field(default_factory=dict)
    """For each group that a table of its own brings, the number of persons read."""
    strays: Counter[str] = field(default_factory=Counter)
    """For each such group, the persons who belong to no household of the table."""
    unused: tuple[str, ...] = ()
    """The columns from which nothing is read; those of a table of persons behind the group's name."""
    not_given: tuple[str, ...] = ()
    """The groups that no file brings: every household has none of them."""
    because: Message | None = None
    """Why the algebra is not the one that a run would otherwise take."""
    first: list[tuple[int, Decision]] = field(default_factory=list)
    """The decisions for the first rows that have one, as many as were asked for, each with its row."""
    rejected_persons: dict[str, str] = field(default_factory=dict)
    """For each such group, the file of the persons without a household and of those of rejected rows."""

    def add(self, decision: Decision) -> None:
        """Count one decision in."""
        self.decided += 1
        self.categories[decision.category] += 1
        self.conclusions[decision.conclusion] += 1
        self.approvals[decision.approval] += 1
        for aid in decision.aids:
            if aid.amount != 0:
                self.aids[aid.name] += 1
                self.money[aid.name] = self.money.get(aid.name, 0) + _number(aid.amount)
        self.total += _number(decision.total)
        self.payable += _number(decision.payable)

    def counts(self) -> dict[str, object]:
        """What the manifest says of the run."""
        return {
            "read": self.read,
            "decided": self.decided,
            "rejected": self.rejected,
            "categories": self.categories,
            "conclusions": self.conclusions,
            "approvals": self.approvals,
            "aids": self.aids,
            "money": {name: plain(amount) for name, amount in self.money.items()},
            "total": plain(self.total),
            "payable": plain(self.payable),
            "rejects_by_kind": self.kinds,
            "unused_columns": list(self.unused),
            **({"persons": self.persons, "without_household": self.strays} if self.persons else {}),
        }

    def reject(self, problems: tuple[Problem, ...]) -> None:
        """Count one rejected row in."""
        self.rejected += 1
        self.kinds.update(list(dict.fromkeys(problem.wrong.template for problem in problems)))
        self.problems += problems[: max(self.most_shown - len(self.problems), 0)]

    def stray(self, group: str, problem: Problem) -> None:
        """Count in one person who belongs to no household."""
        self.strays[group] += 1
        if self.strays[group] <= self.most_shown:
            self.problems.append(problem)


def _number(value: Value) -> int | Fraction:
    return value if isinstance(value, (int, Fraction)) and not isinstance(value, bool) else 0


def evaluate(
    policy: Policy,
    source: Path,
    target: Path | None = None,
    *,
    persons: Mapping[str, Path] = MappingProxyType({}),
    rejects: Path | None = None,
    today: datetime.date | None = None,
    format: str | None = None,
    encoding: str | None = None,
    algebra: str | None = None,
    progress: Progress | None = None,
    first: int = 0,
    each: Callable[[Record, Decision], None] | None = None,
    language: str = "en",
) -> Summary:
    """Every household in the table `source` decided under `policy`, in the order of the rows.

    `target` gets every good row: its own columns, then the decision's. Bad rows go to `rejects` (by default beside the
    target) with the reasons in `language` added. Both appear whole or not at all.
    `persons` names for a group the table of its persons; those of bad rows, and those who belong to no household, go to a
    file of rejects of their own, so that the two files of rejects can be corrected and decided together.
    `algebra` is one of `ALGEBRAS`, and makes no difference to the result: by default columns for a table, where polars is
    installed and can compute the policy. The summary keeps the `first` decisions; `each` is called with every one, and asks for exact.

    Raises: TableError where a file cannot be read or written, or columns are asked for without polars; HouseholdError where
    the columns of the table are wrong; PolicyError where columns are asked for and cannot compute the policy.
    """
    refuse_over((target, rejects), map(str, (source, *persons.values())))
    day = today or datetime.date.today()
    groups = tuple(group.name for group in policy.groups)
    table = open_source(source, format=format, encoding=encoding, groups=groups)
    columns, because = columns_for(policy, table, "exact" if each is not None and algebra is None else algebra)
    run = Run(policy, table, Intake(policy, day), language, persons, encoding, progress, columns)
    run.summary.because = because
    is_named = rejects is not None
    if target is not None and rejects is None:
        rejects = target.with_name(f"{target.stem}.rejects{target.suffix}")
    refuse_over((target, rejects), tuple(roster.source.name for roster in run.people.rosters.values()))
    with together() as parts, ExitStack() as files:
        if target is not None:
            made = create_target(target, run.out_header(), like=table, decimals=decimals(policy))
            run.good = files.enter_context(made)
            if run.by_columns is None:
                refuse_typed(target, run.good)
        if rejects is not None:
            run.bad = files.enter_context(create_target(rejects, run.rejects_header(), like=table))
            run.open_rejects_of_persons(rejects, files)
        run.all(first, progress, each)
        run.set_strays_aside()
        files.close()
        if rejects is not None:
            run.drop_empty(rejects, parts, is_kept=is_named)
        run.summary.output, run.summary.rejects = str(target or ""), str(rejects or "")
        if target is not None:
            asked = {"format": format or "", "encoding": encoding or "", "language": language}
            run.summary.manifest = str(_write_manifest(run, target, parts, Path(source), persons, day, asked))
    return run.summary


_SINGLE = ("yaml", "yml")
"""Formats of one household, for which columns would not be worth their beginning."""
ALGEBRAS = ("exact", "columns")
"""What a run can be decided in; both come to the same."""


class Columns(Protocol):
    """A run by whole columns."""

    def read_persons(self, progress: Progress | None) -> None:
        """Read the tables of persons; `progress` hears how far that is."""

    def repeated(self) -> dict[int, dict[str, int]]:
        """For each unique column, the values that stand in several rows, with their number."""

    def decide(self, first: int, progress: Progress | None) -> None:
        """Decide every row, and keep the `first` decisions."""


def columns_for(
    policy: Policy, table: Source, asked: str | None, wanted: Sequence[str] | None = None
) -> tuple[Callable[[Run], Columns] | None, Message | None]:
    """What begins a run by columns that give `wanted`, or None for exact; and why it is exact though nobody asked for it.

    Raises: TableError or PolicyError where columns are `asked` for and cannot be had.
    """
    stream, because = stream_for(table, asked)
    if stream is None:
        return None, because
    try:
        made: Callable[[Run], Columns] = stream.Streaming(policy, wanted).begin
    except PolicyError as error:
        if asked is not None:
            raise
        return None, say("columns cannot compute the policy: {reason}", reason=error.problems[0].wrong)
    return made, None


def stream_for(table: Source, asked: str | None) -> tuple[Any, Message | None]:
    """The room of runs by columns, or None for exact; and why it is exact though nobody asked for it.

    Raises: TableError where columns are `asked` for and their package is not there.
    """
    if asked not in (None, *ALGEBRAS):
        raise ValueError(f"{asked!r} is none of {ALGEBRAS}")
    if asked == "exact" or (asked is None and table.format in _SINGLE):
        return None, None
    if find_spec("polars") is not None:
        return import_module("engine.stream"), None
    if asked is None:
        return None, say("columns need the package polars")
    wrong = say("Columns need the package polars, which is not installed.")
    remedy = say('Run: pip install "bangfu[batch]"')
    raise TableError((Problem(Place(table.name), wrong, None, remedy),))


def refuse_typed(path: Path, target: Target) -> None:
    """Raises: TableError where `target`, the file `path`, has typed columns: a run that writes row by row knows no types."""
    if isinstance(target, ColumnTarget):
        wrong = say("Parquet is written by whole columns only.")
        remedy = say("Decide by columns, or write the result as CSV.")
        raise TableError((Problem(Place(str(path)), wrong, None, remedy),))


def _write_manifest(
    run: Run,
    target: Path,
    parts: Parts,
    source: Path,
    persons: Mapping[str, Path],
    today: datetime.date,
    asked: Mapping[str, str],
) -> Path:
    summary = run.summary
    rejects = Path(summary.rejects)
    rejected_persons = {
        group: Path(file) for group, file in summary.rejected_persons.items() if file != summary.rejects
    }
    return write_manifest(
        target,
        policy_of(run.policy),
        version=__version__,
        algebra=summary.algebra,
        because="" if summary.because is None else summary.because.text(run.language),
        source=source,
        today=today,
        asked=asked,
        counts=summary.counts(),
        persons=persons,
        rejects=rejects if parts.holds(rejects) else None,
        rejected_persons=rejected_persons,
        stands=parts.part,
        known=parts.sha256,
    )


class Run:
    """One pass over a table; what the rows share."""

    def __init__(
        self,
        policy: Policy,
        table: Source,
        intake: Intake,
        language: str,
        persons: Mapping[str, Path] = MappingProxyType({}),
        encoding: str | None = None,
        progress: Progress | None = None,
        by_columns: Callable[[Run], Columns] | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.policy = policy
        self.table = table
        self.intake = intake
        self.language = language
        own = Kept.of(table.header, [policy.words["reason"]]) if kept is None else kept
        self.reason, self.kept = own.reason, list(own.columns)
        header = [table.header[index] for index in self.kept]
        self.columns, self.people = households(policy, table, header, persons, encoding=encoding)
        self.unique = {
            index: fact for index, fact in enumerate(self.columns.facts) if fact is not None and fact.is_unique
        }
        self.unique |= self.people.keys
        self.good: Target | None = None
        self.bad: Target | None = None
        self.bad_persons: dict[str, Target] = {}
        self.persons_aside: Counter[str] = Counter()
        algebra = "exact" if by_columns is None else "columns"
        self.summary = Summary(policy.label, policy.year, policy.fingerprint, algebra, table.encoding or "")
        self.summary.not_given = self.people.not_given
        self.summary.unused = (*self.columns.unused(self.people.columns), *self.people.unused())
        self.by_columns = None if by_columns is None else by_columns(self)
        if self.by_columns is None:
            self.people.read(progress, table.position()[1])
        else:
            self.by_columns.read_persons(progress)
        self.summary.persons = {group: roster.count for group, roster in self.people.rosters.items()}
        self.repeated = self.repeats() if self.by_columns is None else self.by_columns.repeated()

    def out_header(self) -> list[str]:
        """The headings of the result: those of the table, then the decision's."""
        return [*self.columns.written, *headings(self.policy)]

    def rejects_header(self) -> list[str]:
        """The headings of the rejects: those of the table, then the reason."""
        return [*self.columns.written, self.reason]

    def all(
        self, first: int, progress: Progress | None, each: Callable[[Record, Decision], None] | None = None
    ) -> None:
        """Decide every row, and keep the `first` decisions."""
        if self.by_columns is not None:
            self.by_columns.decide(first, progress)
            return

        for record in self.table.records():
            self.take(record, first, each)
            if progress is not None:
                done, total = self.table.position()
                progress(self.people.size + done, self.people.size + total)

    def take(self, record: Record, first: int, each: Callable[[Record, Decision], None] | None) -> None:
        """Decide one row, or set it aside with every reason; its decision is kept where it is one of the `first`."""
        try:
            decision = self.decision(record)
        except HouseholdError as error:
            self.set_aside(record, error.problems)
            return
        self.summary.read += 1
        self.summary.add(decision)
        if len(self.summary.first) < first:
            self.summary.first.append((record.number, decision))
        if each is not None:
            each(record, decision)
        if self.good is not None:
            self.good.write([*self.cells(record), *decision.row()])

    def set_aside(self, record: Record, problems: tuple[Problem, ...]) -> None:
        """Count a bad row, and write it with its reasons."""
        self.summary.read += 1
        self.summary.reject(problems)
        cells = self.cells(record)
        if self.bad is not None:
            self.bad.write([*cells, self.reasons(problems)])
        self._set_persons_aside(cells, problems)

    def cells(self, record: Record) -> list[Cell]:
        """The cells of a row under `columns.written`."""
        return [record.cells[index] if index < len(record.cells) else None for index in self.kept]

    def decision(self, record: Record) -> Decision:
        """What is decided for one row.

        Raises: HouseholdError where it is bad, or the policy refuses it.
        """
        return decided(self.policy, self.household(record), self.table.name, record.number)

    def household(self, record: Record) -> Household:
        """The core facts of one row and of its persons.

        Raises: HouseholdError with every reason why it cannot be decided.
        """
        cells = self.cells(record)
        rolls = self.people.rolls(record.number, cells)  # of a broken row too: its persons have their household
        if record.problem is not None:
            place = Place(self.table.name, record.number)
            raise HouseholdError((Problem(place, record.problem),))
        problems = tuple(self._duplicates(record, cells))
        try:
            household = self.intake.row(self.columns, cells, rolls, self.table.name, record.number)
        except HouseholdError as error:
            raise HouseholdError((*problems, *record.placed(error.problems))) from None
        if problems:
            raise HouseholdError(problems)
        return household

    def repeats(self) -> dict[int, dict[str, int]]:
        """For each unique column: the values that stand in several rows, with their number, found row by row."""
        return _repeated(self.policy, self.table, self.unique, self.kept, self.people)

    def _duplicates(self, record: Record, cells: list[Cell]) -> Iterator[Problem]:
        for index, rows in self.repeated.items():
            value = key_of(self.unique[index], cells[index], self.policy.words)
            if value in rows:
                wrong = say("“{value}” stands in {count} rows.", value=str(cells[index]), count=rows[value])
                place = Place(self.table.name, record.number, label=self.columns.written[index])
                expected = say("Expected: one row for each “{fact}”.", fact=self.columns.written[index])
                yield Problem(place, wrong, expected, say("Keep the right row, and remove the others."))

    def open_rejects_of_persons(self, rejects: Path, files: ExitStack) -> None:
        """For each group with a table of its own a table of rejects: in `rejects` where that can hold it, else beside it."""
        for group, roster in self.people.rosters.items():
            header = [*roster.header, roster.kept.reason]
            path = rejects
            target = self.bad.beside(group, header) if self.bad is not None else None
            if target is None:
                path = rejects.with_name(f"{rejects.stem}.{group}{rejects.suffix}")
                target = files.enter_context(create_target(path, header, like=roster.source))
            self.bad_persons[group] = target
            self.summary.rejected_persons[group] = str(path)

    def _set_persons_aside(self, cells: list[Cell], problems: tuple[Problem, ...]) -> None:
        """The persons of a rejected row go with it, each with its own reasons."""
        for group, target in self.bad_persons.items():
            roster = self.people.rosters[group]
            for record in roster.set_aside(cells):
                places = (roster.source.name, record.number)
                own = tuple(problem for problem in problems if (problem.place.file, problem.place.line) == places)
                target.write([*record.cells, self.reasons(own)])
                self.persons_aside[group] += 1

    def set_strays_aside(self) -> None:
        """Count the persons who belong to no household, and set them aside with the reason."""
        for group, roster in self.people.rosters.items():
            for record, problem in roster.strays():
                self.summary.stray(group, problem)
                if group in self.bad_persons:
                    self.bad_persons[group].write([*record.cells, self.reasons((problem,))])
                    self.persons_aside[group] += 1

    def drop_empty(self, rejects: Path, parts: Parts, *, is_kept: bool) -> None:
        """Leave no file of rejects with headings only, not even of an earlier run; but `rejects` where it `is_kept`."""
        files = self.summary.rejected_persons
        empty = {group: path for group, path in files.items() if not self.persons_aside[group]}
        is_empty = not self.summary.rejected and str(rejects) not in {files[group] for group in files.keys() - empty}
        for path in {*empty.values()} - {str(rejects)}:
            parts.drop(Path(path))
        if is_empty and not is_kept:
            parts.drop(rejects)
        for group in empty:
            del files[group]

    def reasons(self, problems: tuple[Problem, ...]) -> str:
        """What is wrong with a row, in one text."""
        return self.policy.words["separator"].join(readable(problem.text(self.language)) for problem in problems)


def _repeated(
    policy: Policy, table: Source, unique: Mapping[int, Fact], kept: list[int], people: Persons
) -> dict[int, dict[str, int]]:
    """For each of the `unique` columns: the values that stand in several rows, with their number. One pass.

    `people` sees every row as well, since a person may stand in one only.
    """
    if not unique and not people.can_repeat:
        return {}
    counts: dict[int, Counter[str]] = {index: Counter() for index in unique}
    for record in table.records():
        if record.problem is None:
            cells = [record.cells[index] for index in kept]
            people.see(record.number, cells)
            for index, fact in unique.items():
                value = key_of(fact, cells[index], policy.words)
                if value is not None:
                    counts[index][value] += 1
    people.close()
    return {index: {value: count for value, count in found.items() if count > 1} for index, found in counts.items()}
