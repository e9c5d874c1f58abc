"""The two ways in which a table brings the persons of a group: lists in the households' rows, or a table of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.messages import Message, Words, say
from engine.policy import Fact, Group
from engine.source import Place, Problem, normal
from engine.tables import Cell, Record, Source
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.columns import Columns, is_nearly, named
from engine.tables.headings import Kept
from engine.tables.rolls import Listed, Repeats, Roll, listed

__all__ = ["Join", "Lists", "Roster"]

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


class Roster:
    """The persons of a group in a table of their own, kept by the key of their household."""

    def __init__(self, group: Group, words: Words, source: Source, kept: Kept, columns: Columns, join: Join) -> None:
        self.source = source
        self.header = columns.written
        self.unused = columns.unused()
        self.join = join
        self.count = 0
        self._words = words
        self.kept = kept
        self._facts = tuple(
            (index, name)
            for index, (name, fact) in enumerate(zip(columns.written, columns.facts, strict=True))
            if fact is not None and index != join.theirs
        )
        self._by_key: dict[str, list[Record]] = {}
        self._without: list[tuple[Record, Problem]] = []
        self._found: set[str] = set()
        self._texts: dict[str, str] = {}
        self._set_aside: set[str] = set()
        self._repeats = Repeats(group.facts, words)

    def read(self) -> Iterator[None]:
        """Keep every person, one for each step."""
        for found in self.source.records():
            cells = tuple(
                self._once(found.cells[index]) if index < len(found.cells) else None for index in self.kept.columns
            )
            self._keep(Record(found.number, cells, found.problem))
            yield
        self._repeats.close()

    def _once(self, cell: Cell) -> Cell:
        """`cell`, or the same text met before: what many persons share is kept once."""
        if not isinstance(cell, str):
            return cell
        return self._texts.setdefault(cell, cell) if len(self._texts) < _MOST_TEXTS else self._texts.get(cell, cell)

    def _keep(self, record: Record) -> None:
        self.count += 1
        cell, name = record.cells[self.join.theirs], self.header[self.join.theirs]
        key = self._key(cell, Place(self.source.name, record.number), name, _BELONGS)
        if isinstance(key, str):
            self._by_key.setdefault(key, []).append(record)
        else:
            self._without.append((record, self._unreadable(record) or key))
        if self._repeats.can_be and record.problem is None:
            self._repeats.see(self._person(record).written, record.number)

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
        self._found.add(key)
        records = self._by_key.get(key, [])
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
        return self._by_key.get(key, ())

    def strays(self) -> Iterator[tuple[Record, Problem]]:
        """The persons who belong to none of the households whose `roll` was asked for, in the order of their rows."""
        found = [
            (record, self._unreadable(record) or self._stray(record, key))
            for key, records in self._by_key.items()
            if key not in self._found
            for record in records
        ]
        yield from sorted(self._without + found, key=lambda pair: pair[0].number)

    def _stray(self, record: Record, value: str) -> Problem:
        place = Place(self.source.name, record.number, label=self.header[self.join.theirs])
        wrong = say("“{value}” is the “{key}” of no household.", value=value, key=self.join.key.name)
        expected = say("Expected: one that stands in {file}.", file=self.join.file)
        return Problem(place, wrong, expected, say("Correct it, or add the household."))


_BELONGS = say("It says to which household the person belongs.")
