"""Rows brought in by whole columns: core facts for a kernel where every cell is plainly good; the others are only told.

It accepts nothing that the intake of single rows would not accept with the same values; what it does not accept is left
to that intake.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock
from types import MappingProxyType

import polars as pl

from engine.algebras.exact import Missing, Value
from engine.expression import names_in
from engine.kernel import ROW, Kernel, Typed, fits, stored
from engine.messages import Words
from engine.policy import Fact, Policy
from engine.stream.forms import ALIKE, GROUPS
from engine.stream.reading import Reader, Values, dtype_of
from engine.tables.columns import Columns
from engine.tables.intake import Household, Intake

__all__ = ["ColumnIntake", "Reading", "Settling", "Taken", "names_read", "types_of"]

_MOST_KNOWN = 50_000
_NEUTRAL: Mapping[str, Value] = {"truth": False, "text": "", "date": datetime.date.min, "number": 0}


class Reading:
    """Reads the cells of `facts`, of which `brought` says which column brings which, as values of `types`."""

    def __init__(
        self, facts: Sequence[Fact], brought: Mapping[str, int], types: Mapping[str, Typed], words: Words
    ) -> None:
        self._facts = facts
        self._brought = brought
        self._readers = {fact.name: Reader(fact, words, types[fact.name]) for fact in facts}
        self._plainly = {name for name in brought if self._readers[name].plain}
        self.plain = {brought[name]: self._readers[name].plain for name in self._plainly}
        """What plain cells match, for each column that brings a fact which has a plain way of writing."""

    def read(self, fact: Fact, cells: pl.DataFrame) -> Values:
        """The values of `fact` in `cells`, whose columns are called by their numbers."""
        index = self._brought.get(fact.name)
        reader = self._readers[fact.name]
        return reader.nothing(cells.height) if index is None else reader.read(cells.get_column(str(index)))

    def all(self, cells: pl.DataFrame, *, is_plain: bool) -> tuple[pl.DataFrame, pl.Series]:
        """The values of every fact, null where it is blank or bad, and the rows in which none is bad, nor blank where needed.

        `is_plain` says that every cell is blank, or matches what is `plain` in its column.
        """
        read = self._all(cells, is_plain=is_plain)
        good = _all(cells.height)
        for fact in self._facts:
            found = read[fact.name]
            if found.bad is not None:
                good &= ~found.bad
            if not fact.is_optional and fact.absence is None:
                good &= found.values.is_not_null()
        return pl.DataFrame([found.values.alias(name) for name, found in read.items()]), good

    def _all(self, cells: pl.DataFrame, *, is_plain: bool) -> dict[str, Values]:
        """The same with what is bad; all that are plain at once (each step of polars costs more than its work on so few rows)."""
        plain = [fact for fact in self._facts if is_plain and fact.name in self._plainly]
        columns = {fact.name: str(self._brought[fact.name]) for fact in plain}
        made = [self._readers[name].reading(column).alias(name) for name, column in columns.items()]
        values = cells.select_seq(made) if made else cells.clear()
        found = {}
        for fact in self._facts:
            if fact.name in columns:
                given = cells.get_column(columns[fact.name])
                found[fact.name] = self._readers[fact.name].settled(given, values.get_column(fact.name))
            else:
                found[fact.name] = self.read(fact, cells)
        return found


Series = Mapping[str, pl.Series]
"""Columns by their names."""


class Settling:
    """Makes core facts of the values of `facts`: what absence means, and what is known of each value.

    What absence means may read any fact of `types`; `needed` are the core facts that are made.
    """

    def __init__(
        self, facts: Sequence[Fact], types: Mapping[str, Typed], needed: Mapping[str, Typed], intake: Intake
    ) -> None:
        self._facts = facts
        self._needed = needed
        self._absences = {fact.name: _Absence(fact, intake, types) for fact in facts if fact.absence}
        self._known = {fact.name: _Known(fact, intake, types[fact.name]) for fact in facts}
        self._filled = {fact.name: _neutral(types[fact.name]) for fact in facts if fact.is_optional}
        always = {name: absence.always() for name, absence in self._absences.items() if absence.is_always}
        self._filled |= {name: value for name, value in always.items() if value is not None}
        """What stands in the column of a fact where it is absent, for those of which that is the same in every row."""

    def settled(
        self, read: pl.DataFrame, good: pl.Series, more: Series = MappingProxyType({})
    ) -> tuple[dict[str, pl.Series], pl.DataFrame, pl.Series]:
        """The values of the facts, the core facts, and which rows are still `good`; the others are worth nothing.

        `read` holds the values, null where nothing is given; `more` those of other facts that absences may read.
        """
        given = dict(zip(read.columns, read.select_seq(pl.all().is_not_null()), strict=True))
        filled = [pl.col(name).fill_null(value) for name, value in self._filled.items()]
        values = dict(zip(read.columns, read.with_columns_seq(filled), strict=True))
        for name, absence in self._absences.items():
            if not absence.is_always:
                values[name] = absence.settled({**more, **values}, ~given[name] & good)
            if values[name].null_count():
                good &= values[name].is_not_null()
        core = dict(values)
        for fact in self._facts:
            core |= self._known[fact.name].truths(values[fact.name], given[fact.name], good)
        return values, pl.DataFrame({name: core[name] for name in self._needed} or {"": good}), good


def types_of(facts: Sequence[Fact], needed: Mapping[str, Typed]) -> dict[str, Typed]:
    """What stands in the column of each of `facts`, of which a kernel has `needed` some."""
    return {fact.name: needed.get(fact.name) or _typed(fact) for fact in facts}


@dataclass(frozen=True)
class Taken:
    """What rows bring: the value of every fact, the core facts for a kernel, and which rows are good.

    Those of a row that is not are worth nothing.
    """

    values: Series
    core: pl.DataFrame
    good: pl.Series


class ColumnIntake:
    """Brings the rows of a table in for `kernel`; `columns` says which column brings which fact."""

    def __init__(self, policy: Policy, columns: Columns, intake: Intake, kernel: Kernel) -> None:
        facts = kernel.facts
        self._facts = facts
        self._persons = kernel.persons
        brought = {fact.name: index for index, fact in enumerate(columns.facts) if fact is not None}
        self.kinds = {index: fact.kind for index, fact in enumerate(columns.facts) if fact is not None}
        """The kind of the fact that each column brings which brings one."""
        self.types = types_of(policy.facts, facts)
        self._reading = Reading(policy.facts, brought, self.types, policy.words)
        self._settling = Settling(policy.facts, self.types, facts, intake)
        self.plain = self._reading.plain
        """What plain cells match, for each column that brings a fact which has a plain way of writing."""

    def read(self, fact: Fact, cells: pl.DataFrame) -> Values:
        """The values of `fact` in `cells`, whose columns are called by their numbers."""
        return self._reading.read(fact, cells)

    def take(self, cells: pl.DataFrame, *, is_plain: bool = False) -> Taken:
        """What each row of `cells` brings; `is_plain` says that every cell is blank, or matches what is `plain` in its column."""
        read, good = self._reading.all(cells, is_plain=is_plain)
        return Taken(*self._settling.settled(read, good))

    def frame(self, households: Sequence[Household]) -> pl.DataFrame:
        """The core facts of `households`, brought in one by one, as `take` gives them."""
        if not self._facts:
            return pl.DataFrame({"": _all(len(households))})
        return _frame(self._facts, [household.facts for household in households])

    def persons(self, households: Sequence[Household]) -> dict[str, pl.DataFrame]:
        """The persons of `households` for the kernel, of each group a frame."""
        found = {}
        for group, facts in self._persons.items():
            people = [
                (row, person) for row, household in enumerate(households) for person in household.persons.get(group, ())
            ]
            rows = pl.Series(ROW, [row for row, _ in people], dtype=pl.Int64)
            found[group] = _frame(facts, [person for _, person in people]).insert_column(0, rows)
        return found


def _frame(facts: Mapping[str, Typed], rows: Sequence[Mapping[str, Value]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            name: pl.Series([stored(row[name], found) for row in rows], dtype=dtype_of(found))
            for name, found in facts.items()
        }
    )


def names_read(fact: Fact) -> frozenset[str]:
    """The names that are read by what the absence of `fact` means."""
    if fact.absence is None:
        return frozenset()
    return frozenset(node.id for node in names_in(fact.absence.value.tree)) - {fact.name}


class _Absence:
    """What the absence of `fact` means in each row: asked once for each combination of what it depends on."""

    def __init__(self, fact: Fact, intake: Intake, types: Mapping[str, Typed]) -> None:
        self._fact = fact
        self._intake = intake
        self._types = types
        self._names = [name for name in types if name in names_read(fact)]
        self._known: dict[tuple[object, ...], object] = {}
        self._lock = Lock()

    @property
    def is_always(self) -> bool:
        """Whether it means the same in every row."""
        return not self._names

    def always(self) -> pl.Expr | None:
        """What it means in every row; None where there is nothing to be had."""
        value = self._of(())
        return None if value is None else pl.lit(value, dtype_of(self._types[self._fact.name]))

    def settled(self, values: Mapping[str, pl.Series], absent: pl.Series) -> pl.Series:
        """The values of the fact, with those where it is `absent`; null where there is none to be had."""
        found, dtype = values[self._fact.name], dtype_of(self._types[self._fact.name])
        if not absent.any():
            return found
        frame = pl.DataFrame([values[name].alias(name) for name in self._names])
        keys = frame.filter(absent).unique(maintain_order=True)
        meant = pl.Series(_VALUE, [self._of(key) for key in keys.iter_rows()], dtype=dtype)
        joined = frame.join(keys.with_columns(meant), on=self._names, how="left", maintain_order="left")
        return found.zip_with(~absent, joined.get_column(_VALUE))

    def _of(self, key: tuple[object, ...]) -> object:
        with self._lock:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            if key not in self._known:
                self._known[key] = self._asked(key)
            return self._known[key]

    def _asked(self, key: tuple[object, ...]) -> object:
        core = {name: _value(stands, self._types[name]) for name, stands in zip(self._names, key, strict=True)}
        try:
            value = self._intake.when_absent(self._fact, core)
        except Missing:
            return None
        found = self._types[self._fact.name]
        return stored(value, found) if fits(value, found) else None


class _Known:
    """What is known of `fact` besides its value: asked once for each value, and for all texts that are alike together."""

    def __init__(self, fact: Fact, intake: Intake, found: Typed) -> None:
        words = intake.policy.words
        self._fact = fact
        self._intake = intake
        self._found = found
        self._given = f"{fact.name}·{words['given']}"
        self._names = [name for name in fact.core_names(words)[1:] if name != self._given]
        self._truths: dict[object, tuple[bool, ...]] = {}
        self._lock = Lock()

    def truths(self, values: pl.Series, given: pl.Series, good: pl.Series) -> dict[str, pl.Series]:
        """The truths under their names, for the rows that are `good`."""
        if not self._names:
            return {self._given: given}
        found = {self._given: given}
        groups = ALIKE[self._fact.form](values) if self._fact.form else None
        alone = good if groups is None else good & (groups == 0)
        distinct = values.filter(alone).unique(maintain_order=True).drop_nulls()
        told = [self._of(value) for value in distinct.to_list()]
        alike = [] if groups is None else self._of_groups(values, groups, good)
        for index, name in enumerate(self._names):
            truths = pl.Series([truth[index] for truth in told], dtype=pl.Boolean)
            single = values.replace_strict(distinct, truths, default=False, return_dtype=pl.Boolean) if told else _NO
            if groups is not None:
                group = pl.Series([truth[index] for truth in alike], dtype=pl.Boolean).gather(groups)
                single = group if not told else group.zip_with(groups > 0, single)
            found[name] = single if len(single) == len(values) else single.new_from_index(0, len(values))
        return found

    def _of_groups(self, values: pl.Series, groups: pl.Series, good: pl.Series) -> list[tuple[bool, ...]]:
        """What is known of each group of texts, the first for those of none: told of one of its texts that is good."""
        found = [tuple(False for _ in self._names)]
        for group in range(1, GROUPS):
            first = (good & (groups == group)).arg_true().head(1).to_list()
            found.append(self._of(values[first[0]]) if first else found[0])
        return found

    def _of(self, value: object) -> tuple[bool, ...]:
        with self._lock:
            if len(self._truths) > _MOST_KNOWN:
                self._truths.clear()
            if value not in self._truths:
                core = {self._fact.name: _value(value, self._found)}
                self._intake.add_known(self._fact, True, core)
                self._truths[value] = tuple(core[name] is True for name in self._names)
            return self._truths[value]


_VALUE = "="


def _value(stands: object, found: Typed) -> Value:
    """The value that stands in a column of `found`."""
    if found.kind != "number":
        assert isinstance(stands, (bool, str, datetime.date))
        return stands
    assert isinstance(stands, int)
    value = Fraction(stands, found.scale)
    return value.numerator if value.denominator == 1 else value


def _typed(fact: Fact) -> Typed:
    """What stands in the column of a fact that the kernel does not need."""
    if fact.kind in ("money", "count"):
        return Typed("number", pl.Int64(), 1 if fact.step is None else fact.step.denominator)
    return Typed(fact.kind, dtype_of(Typed(fact.kind, pl.Int64())))


def _neutral(found: Typed) -> pl.Expr:
    return pl.lit(_NEUTRAL[found.kind], dtype_of(found))


_NO = pl.Series([False])


def _all(rows: int) -> pl.Series:
    return pl.Series([True]).new_from_index(0, rows)
