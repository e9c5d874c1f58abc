"""Several runs over one table, each over the rows of its part: decided block by block, put together again in the order of the rows."""

from __future__ import annotations

import heapq
import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Protocol

import polars as pl

from engine.batch import Progress, Run
from engine.stream.deciding import Decided
from engine.stream.lines import Lines, lines_into
from engine.stream.ordered import in_order
from engine.stream.running import Pass
from engine.stream.shares import Cut, RecordCuts, TextCuts, blocks_of
from engine.stream.writing import ArrowTables, arrow, rows
from engine.tables import ColumnTarget, Record, Target
from engine.tables.shares import Split

__all__ = ["Joined", "Together"]


@dataclass(frozen=True)
class Joined:
    """Where the rows of all parts go: the decided ones into `good`, under the `headings` of all parts.

    `decimals` are the places of money under each heading. `set_aside` is told each row that belongs to no part.
    """

    headings: Sequence[str]
    decimals: Mapping[str, int]
    good: Target | None
    set_aside: Callable[[Record], None]


@dataclass(frozen=True)
class _Found:
    """What the rows of each part came to in a block; the rows of none; and how far the table is read."""

    decided: Mapping[int, Decided]
    astray: Sequence[Record]
    done: int


class Together:
    """The pass that decides the rows of a table, each by the run of its part; the runs are by columns, over their shares."""

    def __init__(self, runs: Mapping[int, Run], split: Split, joined: Joined) -> None:
        self._runs = runs
        self._split = split
        self._joined = joined
        self._passes: dict[int, Pass] = {}
        for part, run in runs.items():
            assert isinstance(run.by_columns, Pass)
            self._passes[part] = run.by_columns
        self._deciders = {part: own.decider() for part, own in self._passes.items()}

    def decide(self, first: int, progress: Progress | None) -> None:
        """Decide every row, told, written and counted as single rows are; keep the `first` decisions of each part.

        Raises: TableError where a file cannot be read on, or written.
        """
        way = self._way()
        total = self._split.table.position()[1]

        def work(cut: Cut) -> tuple[_Found, Any]:
            decided = {part: self._deciders[part].decide(block) for part, block in cut.blocks.items()}
            return _Found(decided, cut.astray, cut.done), way.make(decided)

        for found, made in self._each(work):
            for part, decided in found.decided.items():
                self._passes[part].count(decided, first)
            way.write(made, found.decided)
            self._set_aside(found)
            if progress is not None:
                progress(found.done, total)
            del found, made  # or they would stand beside the next ones

    def _each(self, work: Callable[[Cut], tuple[_Found, Any]]) -> Iterator[tuple[_Found, Any]]:
        """What `work` makes of each block of the table, in order."""
        table, kept = self._split.table, self._split.kept
        blocks = blocks_of(table, kept, _agreed([own.plain for own in self._passes.values()]))
        if blocks is None:
            apart = RecordCuts(self._split, {part: own.records(table) for part, own in self._passes.items()})
            return (work(apart.cut(chunk)) for chunk in apart.chunks())
        cuts = TextCuts(blocks, self._split, self._passes)
        return in_order(lambda chunk: work(cuts.cut(chunk)), cuts.chunks())

    def _set_aside(self, found: _Found) -> None:
        """Set the rows aside that have no decision, in their order."""
        aside: list[tuple[int, Callable[[], None]]] = [
            (record.number, partial(self._joined.set_aside, record)) for record in found.astray
        ]
        for part, decided in found.decided.items():
            aside += [
                (one.record.number, partial(self._runs[part].set_aside, one.record, one.problems))
                for one in decided.rejected
            ]
        for _, act in sorted(aside, key=itemgetter(0)):
            act()

    def _way(self) -> _Way:
        """The way of the result that is asked for."""
        good = self._joined.good
        if good is None or not self._runs:
            return _Nowhere()
        brought = next(iter(self._runs.values())).columns.written
        if isinstance(good, ColumnTarget):
            return _AsTables(self._passes, self._joined, brought, good)
        return _AsLines.into(good, self._passes, self._joined, brought) or _AsRows(self._passes, self._runs)


def _agreed(every: Sequence[Mapping[int, str]]) -> dict[int, str]:
    """What plain cells of each column match for all of `every`; where they differ, nothing but blanks."""
    found: dict[int, str] = {}
    for plain in every:
        for index, pattern in plain.items():
            found[index] = pattern if found.get(index, pattern) == pattern else ""
    return found


Parts = Mapping[int, Decided]


class _Way(Protocol):
    """How the decided rows of all parts come into the file of the result: made ready, several blocks at once, then written."""

    def make(self, decided: Parts) -> Any:
        """The rows as they are written."""

    def write(self, made: Any, decided: Parts) -> None:
        """Write them."""


class _Nowhere:
    def make(self, decided: Parts) -> None:
        return None

    def write(self, made: None, decided: Parts) -> None:
        return None


class _AsLines:
    """Lines, each with the columns of all parts."""

    def __init__(self, joined: Joined, lines: Mapping[int, Lines]) -> None:
        self._columns = joined.headings
        self._lines = lines

    @classmethod
    def into(
        cls, target: Target, passes: Mapping[int, Pass], joined: Joined, brought: Sequence[str]
    ) -> _AsLines | None:
        """What writes the decided rows of all parts into `target`; None where it is no file of lines."""
        found: dict[int, Lines] = {}
        for part, own in passes.items():
            lines = lines_into(target, own.kernel.showing(joined.decimals), own.headings, brought)
            if lines is None:
                return None
            found[part] = lines
        return cls(joined, found)

    def make(self, decided: Parts) -> io.BytesIO | None:
        frames = [self._fitted(self._lines[part].cells(found)) for part, found in decided.items()]
        return next(iter(self._lines.values())).lines(_in_order(frames, decided)) if frames else None

    def write(self, made: io.BytesIO | None, decided: Parts) -> None:
        if made is not None:
            count = sum(found.decided.height for found in decided.values())
            next(iter(self._lines.values())).write(made, count)

    def _fitted(self, cells: pl.DataFrame) -> pl.DataFrame:
        """`cells` with the columns of all parts, blank where this one has none."""
        own = set(cells.columns)
        nothing = pl.lit(None, pl.String)
        columns = (pl.col(name).cast(pl.String) if name in own else nothing.alias(name) for name in self._columns)
        return cells.select(cells.columns[0], *columns)


class _AsTables:
    """Arrow tables, each column of a type that holds what every part has in it; where only texts do, those that CSV has."""

    def __init__(
        self, passes: Mapping[int, Pass], joined: Joined, brought: Sequence[str], target: ColumnTarget
    ) -> None:
        self._passes = passes
        self._columns = joined.headings
        self._target = target
        self._tables = {part: ArrowTables(own.kernel, own.headings, brought) for part, own in passes.items()}
        every = [tables.types() for tables in self._tables.values()]
        self._types = {name: _wide([types[name] for types in every if name in types]) for name in joined.headings}
        schema = {**dict.fromkeys(brought, pl.String()), **self._types}
        target.declare(arrow(pl.DataFrame(schema=schema)).schema)

    def make(self, decided: Parts) -> Any:
        frames = [self._fitted(part, found) for part, found in decided.items()]
        return arrow(_in_order(frames, decided)) if frames else None

    def write(self, made: Any, decided: Parts) -> None:
        if made is not None:
            self._target.write_table(made)

    def _fitted(self, part: int, found: Decided) -> pl.DataFrame:
        """The rows of one part with the columns of all, each in the type of all."""
        tables, kernel = self._tables[part], self._passes[part].kernel
        own = tables.decision(found.decided)
        columns = []
        for name, wide in self._types.items():
            if name not in own.columns:
                column = pl.Series([None], dtype=wide).new_from_index(0, own.height)
            elif wide == pl.String and own.schema[name].is_numeric():
                column = kernel.shown(found.decided, [name])[name]
            else:
                column = own.get_column(name).cast(wide)
            columns.append(column.alias(name))
        return tables.cells(found).hstack(columns)


def _wide(types: Sequence[pl.DataType]) -> pl.DataType:
    """The type that holds whatever one of `types` holds: numbers of all their places, or texts."""
    if all(one == types[0] for one in types):
        return types[0]
    scales = [one.scale if isinstance(one, pl.Decimal) else 0 for one in types if one.is_numeric()]
    return pl.Decimal(_DIGITS, max(scales)) if len(scales) == len(types) else pl.String()


_DIGITS = 38


class _AsRows:
    """Rows one by one."""

    def __init__(self, passes: Mapping[int, Pass], runs: Mapping[int, Run]) -> None:
        self._passes = passes
        self._runs = runs

    def make(self, decided: Parts) -> None:
        return None

    def write(self, made: None, decided: Parts) -> None:
        found = heapq.merge(*(self._rows(part, own) for part, own in decided.items()), key=itemgetter(0))
        for _, part, cells in found:
            good = self._runs[part].good
            assert good is not None
            good.write(cells)

    def _rows(self, part: int, found: Decided) -> Iterator[tuple[int, int, list[Any]]]:
        own = self._passes[part]
        return zip(found.numbers.to_list(), itertools.repeat(part), rows(found, own.kernel, own.headings), strict=False)


def _in_order(frames: Sequence[pl.DataFrame], decided: Parts) -> pl.DataFrame:
    """The rows of all frames in the order of the table."""
    if len(frames) == 1:
        return frames[0]
    order = pl.concat([found.numbers for found in decided.values()]).arg_sort()
    return pl.concat(frames)[order]
