"""The persons of the households of a block, out of tables of their own, for a kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from engine.batch import Progress, Run
from engine.kernel import ROW, Kernel, Typed
from engine.policy import Fact
from engine.stream.intake import ColumnIntake, Reading, Settling, Taken, names_read, types_of
from engine.stream.keys import Keys
from engine.stream.reading import dtype_of
from engine.stream.rosters import Found, KeptPersons, RosterReader
from engine.stream.shares import blocks_of
from engine.tables.rosters import Roster

__all__ = ["Persons", "are_columns"]


def are_columns(run: Run) -> bool:
    """Whether all persons of `run` stand in tables of their own that are read by whole columns."""
    rosters = run.people.rosters.values()
    every = (blocks_of(roster.source, roster.kept.columns, {}) for roster in rosters)
    return not run.people.are_listed and None not in every


class Persons:
    """The persons of the households of `run`, for which `are_columns` holds."""

    def __init__(self, run: Run, kernel: Kernel, intake: ColumnIntake) -> None:
        self._size = run.people.size
        self._needed = kernel.persons
        self._groups = [_Group(run, roster, kernel, intake) for roster in run.people.rosters.values()]

    def read(self, progress: Progress | None, more: int) -> None:
        """Read the tables of persons; `progress` hears how far that is, with `more` to come.

        Raises: TableError where a file cannot be read on.
        """
        before = 0
        for group in self._groups:
            for done in group.read():
                if progress is not None:
                    progress(before + done, self._size + more)
            before += group.size

    def take(self, cells: pl.DataFrame, taken: Taken, good: pl.Series) -> tuple[pl.Series, dict[str, pl.DataFrame]]:
        """Which of the `good` rows are so with their persons, and the persons of each group, for the kernel.

        The rows bring `cells`, which come to what is `taken`. A person has the row of the household under `ROW`.
        """
        found = [group.find(cells) for group in self._groups]
        for one in found:
            good = good & one.good
        frames: dict[str, pl.DataFrame] = {}
        for group, one in zip(self._groups, found, strict=True):
            frames[group.name], fine = group.persons(one, taken.values, good)
            good = good & fine
        for group, one in zip(self._groups, found, strict=True):
            group.expect(one, ~good)
        return good, {name: frames.get(name, _nobody(facts)) for name, facts in self._needed.items()}


class _Group:
    """The persons of one group."""

    def __init__(self, run: Run, roster: Roster, kernel: Kernel, intake: ColumnIntake) -> None:
        words, facts = run.policy.words, roster.group.facts
        needed = kernel.persons.get(roster.group.name, {})
        types = types_of(facts, needed)
        columns = enumerate(roster.columns.facts)
        brought = {fact.name: at for at, fact in columns if fact is not None and at != roster.join.theirs}
        reading = Reading(facts, brought, types, words)
        blocks = blocks_of(roster.source, roster.kept.columns, reading.plain)
        assert blocks is not None
        settled = [fact for fact in facts if _matters(fact, facts, needed, fact.core_names(words))]
        self.name = roster.group.name
        self.size = roster.source.position()[1]
        self._needed = needed
        self._roster = roster
        self._types = {fact.name: types[fact.name] for fact in settled}
        self._reads = {name for fact in settled for name in names_read(fact)}.intersection(intake.types)
        self._settling = Settling(settled, {**intake.types, **self._types}, needed, run.intake)
        self._reader = RosterReader(roster, blocks, reading, self._types, words)
        self._keys = Keys(roster.join.key, words)
        self._kept: KeptPersons | None = None

    def read(self) -> Iterator[int]:
        """Read the table; told after each part is how far that is."""
        yield from self._reader.read()
        self._kept = self._reader.kept()
        self._roster.keep(self._kept)

    def find(self, cells: pl.DataFrame) -> Found:
        """The persons of the households that bring `cells`."""
        assert self._kept is not None
        return self._kept.find(self._keys.of(cells.get_column(str(self._roster.join.own))))

    def expect(self, found: Found, households: pl.Series) -> None:
        """Those of the `households` that `found` tells of will be asked for one by one."""
        assert self._kept is not None
        self._kept.expect(found, households)

    def persons(
        self, found: Found, households: Mapping[str, pl.Series], good: pl.Series
    ) -> tuple[pl.DataFrame, pl.Series]:
        """The persons of the `good` households, and which of all households have none that is bad after all.

        `households` are the values of their facts.
        """
        assert self._kept is not None
        rows, values = self._kept.persons(found.places, good)
        read = values.select(pl.col(name).cast(dtype_of(kind)) for name, kind in self._types.items())
        more = {name: households[name].gather(rows) for name in self._reads}
        everyone = pl.Series([True]).new_from_index(0, len(rows))
        _, core, fine = self._settling.settled(read, everyone, more)
        bad = rows.filter(~fine).implode()
        return core.select(rows.alias(ROW), *self._needed), ~pl.int_range(len(good), eager=True).is_in(bad)


def _matters(fact: Fact, facts: Sequence[Fact], needed: Mapping[str, Typed], names: Sequence[str]) -> bool:
    """Whether the values of `fact` are of use once they are known to be good: to a kernel, or to what absence means."""
    is_read = any(fact.name in names_read(other) for other in facts)
    return fact.absence is not None or is_read or not needed.keys().isdisjoint(names)


def _nobody(facts: Mapping[str, Typed]) -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.Int64(), **{name: dtype_of(found) for name, found in facts.items()}})
