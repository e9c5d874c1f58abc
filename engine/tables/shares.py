"""A table whose rows belong to several parts, each row told by its cells in some columns; and the rows of some parts as a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.tables import Cell, Record, Source

__all__ = ["Share", "Split"]


@dataclass(frozen=True)
class Split:
    """A table of which each row belongs to one of the parts from 0 on below `count`, or to none.

    `part_of` tells which by its cells in `columns`, whatever they hold; a row that is no record belongs to none.
    `kept` are the columns that are the table's own, `columns` among them.
    """

    table: Source
    kept: tuple[int, ...]
    columns: tuple[int, ...]
    count: int
    part_of: Callable[[tuple[Cell, ...]], int | None]

    def part(self, record: Record) -> int | None:
        """The part to which a row belongs."""
        if record.problem is not None:
            return None
        return self.part_of(tuple(record.cells[column] for column in self.columns))

    def parts(self) -> set[int]:
        """The parts that have a row, found row by row.

        Raises: TableError where the file cannot be read on.
        """
        found: set[int] = set()
        for record in self.table.records():
            part = self.part(record)
            if part is not None:
                found.add(part)
            if len(found) == self.count:
                break
        return found


class Share:
    """The rows of some `parts` of a table, as a table."""

    persons: Mapping[str, Source] = MappingProxyType({})

    def __init__(self, split: Split, parts: Collection[int]) -> None:
        self.split = split
        self.parts = frozenset(parts)
        table = split.table
        self.name, self.format, self.encoding, self.header = table.name, table.format, table.encoding, table.header

    def holds(self, record: Record) -> bool:
        """Whether a row of the whole table is one of this share."""
        return self.split.part(record) in self.parts

    def records(self) -> Iterator[Record]:
        """The rows of this share.

        Raises: TableError where the file cannot be read on.
        """
        return filter(self.holds, self.split.table.records())

    def position(self) -> tuple[int, int]:
        """How far the whole table is read."""
        return self.split.table.position()
