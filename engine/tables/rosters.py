"""The two ways in which a table brings the persons of a group: lists in the households' rows, or a table of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.messages import Message, Words, say
from engine.policy import Fact, Group
from engine.source import Place, Problem, normal
from engine.tables import Cell, Record, Source
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.columns import Columns, is_nearly, named
from engine.tables.headings import Kept
from engine.tables.rolls import Listed, Repeats, Roll, listed

__all__ = ["ByKey", "Join", "Lists", "Roster"]

_MOST_ROWS_TOLD = 10
_MOST_TEXTS = 10_000


class Lists:
    """The persons of a group that the households' own rows list in one column."""

    def __init__(self, group: Group, words: Words, file: str, column: int) -> None:
        self._group = group
        self._file = file
        self.column = column
        self._by_name = named(group.facts)
        self._is_counted: dict[str, bool] = {}
        self._repeats = Repeats(group.facts, words)

    @property
    def can_repeat(self) -> bool:
        """Whether rows must be seen before they are read, since a person may stand in one only."""
        return self._repeats.can_be

    def see(self, row: int, cells: Sequence[Cell]) -> None:
        """Take note of the persons listed in `row`."""
        for person in self._listed(row, cells).persons:
            self._repeats.see(person.written, row)

    def close(self) -> None:
        """Every row has been seen."""
        self._repeats.close()

    def roll(self, row: int, cells: Sequence[Cell]) -> Roll:
        """The persons listed in `row`; names that are no fact's, and not nearly one's, are passed over as columns are."""
        found = self._listed(row, cells)
        persons = []
        for person in found.persons:
            written = {name: cell for name, cell in person.written.items() if self._counts(name)}
            persons.append(self._repeats.told(Listed(person.place, written), self._file))
        return Roll(tuple(persons), found.problems)

    def _listed(self, row: int, cells: Sequence[Cell]) -> Roll:
        cell = cells[self.column]
        return listed(self._group, None if is_blank(cell) else cell, Place(self._file, row))

    def _counts(self, name: str) -> bool:
        if name not in self._is_counted:
            written = normal(name)
            self._is_counted[name] = written in self._by_name or is_nearly(written, self._by_name) is not None
        return self._is_counted[name]


@dataclass(frozen=True)
class Join:
    """By which columns persons find their household: `own` in the table `file` of households, `theirs` in their own.

    `why` says what a household needs the key for.
    """

    key: Fact
    file: str
    own: int
    own_name: str
    theirs: int
    why: Message


class ByKey(Protocol):
    """The persons of a table by the key of their household, in the order of their rows."""

    @property
    def count(self) -> int:
        """How many persons there are."""

    def of(self, key: str) -> Sequence[Record]:
        """The persons of the household `key`, which from now on has been asked for."""

    def left(self) -> Iterator[Record]:
        """The persons of all households that have not been asked for, and those without a key, in the order of their rows."""


class _Held:
    """Persons held one by one."""

    def __init__(self) -> None:
        self.count = 0
        self._by_key: dict[str, list[Record]] = {}
        self._without: list[Record] = []
        self._asked: set[str] = set()

    def take(self, record: Record, key: str | None) -> None:
        """Hold one more person; None: without a key."""
        self.count += 1
        (self._without if key is None else self._by_key.setdefault(key, [])).append(record)

    def of(self, key: str) -> Sequence[Record]:
        """The persons of the household `key`, which from now on has been asked for."""
        self._asked.add(key)
        return self._by_key.get(key, ())

    def left(self) -> Iterator[Record]:
        """The persons of all households that have not been asked for, and those without a key, in the order of their rows."""
        found = (record for key, records in self._by_key.items() if key not in self._asked for record in records)
        yield from sorted((*self._without, *found), key=lambda record: record.number)


class Roster:
    """The persons of a group in a table of their own, kept by the key of their household."""

    def __init__(self, group: Group, words: Words, source: Source, kept: Kept, columns: Columns, join: Join) -> None:
        self.group = group
        self.source = source
        self.columns = columns
        self.header = columns.written
        self.unused = columns.unused()
        self.join = join
        self._words = words
        self.kept = kept
        self._facts = tuple(
            (index, name)
            for index, (name, fact) in enumerate(zip(columns.written, columns.facts, strict=True))
            if fact is not None and index != join.theirs
        )
        self._by_key: ByKey = _Held()
        self._texts: dict[str, str] = {}
        self._set_aside: set[str] = set()
        self._repeats = Repeats(group.facts, words)

    @property
    def count(self) -> int:
        """How many persons were read."""
        return self._by_key.count

    def read(self) -> Iterator[None]:
        """Keep every person, one for each step."""
        held = _Held()
        for found in self.source.records():
            person = self.person(found)
            held.take(person, self.key_of(person))
            self.see((person,))
            yield
        self.keep(held)

    def keep(self, by_key: ByKey) -> None:
        """All persons have been read, and are kept so; those who may share a unique fact have been seen."""
        self._by_key = by_key
        self._repeats.close()

    def person(self, found: Record) -> Record:
        """A record of the source with the kept cells."""
        cells = (found.cells[index] if index < len(found.cells) else None for index in self.kept.columns)
        return Record(found.number, tuple(map(self._once, cells)), found.problem)

    def see(self, persons: Iterable[Record]) -> None:
        """Take note of what is unique among `persons`, who come in the order of their rows."""
        if self._repeats.can_be:
            for record in persons:
                if record.problem is None:
                    self._repeats.see(self._person(record).written, record.number)

    def _once(self, cell: Cell) -> Cell:
        """`cell`, or the same text met before: what many persons share is kept once."""
        if not isinstance(cell, str):
            return cell
        return self._texts.setdefault(cell, cell) if len(self._texts) < _MOST_TEXTS else self._texts.get(cell, cell)

    def key_of(self, record: Record) -> str | None:
        """The key of the household to which a person belongs; None where it cannot be read."""
        key = self._joined(record)
        return key if isinstance(key, str) else None

    def _joined(self, record: Record) -> str | Problem:
        cell, name = record.cells[self.join.theirs], self.header[self.join.theirs]
        return self._key(cell, Place(self.source.name, record.number), name, _BELONGS)

    def _key(self, cell: Cell, place: Place, name: str, why: Message) -> str | Problem:
        """The key in `cell`, which stands in the column `name`; or the problem that it holds none."""
        key = self.join.key
        if is_blank(cell):
            wrong = say("“{name}” is blank.", name=key.name)
            return Problem(replace(place, label=key.name), wrong, why, say("Fill it in."))
        try:
            return str(read_cell(key, cell, self._words))
        except BadCell as bad:
            return Problem(replace(place, label=name), bad.wrong, bad.expected, bad.remedy)

    def _unreadable(self, record: Record) -> Problem | None:
        return None if record.problem is None else Problem(Place(self.source.name, record.number), record.problem)

    def _person(self, record: Record) -> Listed:
        return Listed(
            Place(self.source.name, record.number), {name: record.cells[index] for index, name in self._facts}
        )

    def roll(self, row: int, cells: Sequence[Cell]) -> Roll:
        """The persons of the household in `row`, which has `cells`; a person that cannot be read is a problem of it."""
        key = self._key(cells[self.join.own], Place(self.join.file, row), self.join.own_name, self.join.why)
        if isinstance(key, Problem):
            return Roll(problems=(key,))
        records = self._by_key.of(key)
        problems = tuple(problem for record in records if (problem := self._unreadable(record)) is not None)
        persons = tuple(
            self._repeats.told(self._person(record), self.source.name) for record in records if record.problem is None
        )
        return Roll(persons, problems, self._remedy(records))

    def _remedy(self, records: Sequence[Record]) -> Message:
        file = self.source.name
        if not records:
            return say("Add them to {file}.", file=file)
        rows = [record.number for record in records[:_MOST_ROWS_TOLD]]
        shown = (*rows, "…") if len(records) > _MOST_ROWS_TOLD else tuple(rows)
        return say("Correct {file}, rows {rows}.", file=file, rows=shown)

    def set_aside(self, cells: Sequence[Cell]) -> Sequence[Record]:
        """The rows of the persons of the rejected household that has `cells`; none where they were set aside before."""
        key = self._key(cells[self.join.own], Place(self.join.file), self.join.own_name, self.join.why)
        if isinstance(key, Problem) or key in self._set_aside:
            return ()
        self._set_aside.add(key)
        return self._by_key.of(key)

    def strays(self) -> Iterator[tuple[Record, Problem]]:
        """The persons who belong to none of the households whose `roll` was asked for, in the order of their rows."""
        for record in self._by_key.left():
            key = self._joined(record)
            yield record, self._unreadable(record) or (self._stray(record, key) if isinstance(key, str) else key)

    def _stray(self, record: Record, value: str) -> Problem:
        place = Place(self.source.name, record.number, label=self.header[self.join.theirs])
        wrong = say("“{value}” is the “{key}” of no household.", value=value, key=self.join.key.name)
        expected = say("Expected: one that stands in {file}.", file=self.join.file)
        return Problem(place, wrong, expected, say("Correct it, or add the household."))


_BELONGS = say("It says to which household the person belongs.")
