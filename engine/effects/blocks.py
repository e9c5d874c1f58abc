"""The same by whole columns: blocks of rows decided under both policies, and their households counted in a cube at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import polars as pl

from engine.algebras.exact import Value
from engine.effects.pairs import Bad, Pairs, Part, Row
from engine.effects.standings import BORDER, Amounts, Cell, Key, Number, Standing
from engine.kernel import Typed
from engine.source import Problem
from engine.stream import Pass
from engine.stream.blocks import Block
from engine.stream.deciding import Decided
from engine.tables import Cell as TableCell

__all__ = ["parts"]

_ROW, _GROUP, _SIZE, _IS_CHANGED = "row", "group", "size", "is_changed"
_WIDE = pl.Int128


def parts(pairs: Pairs, *, one_by_one: bool) -> Iterator[Part]:
    """Every row of the table of `pairs`, block by block, in order; the households counted, or one by one."""
    yield from _Blocks(pairs, one_by_one).parts()


class _Blocks:
    """Two runs over the same blocks."""

    def __init__(self, pairs: Pairs, one_by_one: bool) -> None:
        passes = [run.by_columns for run in pairs.runs]
        assert isinstance(passes[0], Pass) and isinstance(passes[1], Pass)
        self._first = passes[0]
        self._pairs = pairs
        self._one_by_one = one_by_one
        self._kernels = passes[0].kernel, passes[1].kernel
        self._deciders = passes[0].decider(), passes[1].decider()
        self._outputs = [
            _Output(heading, at, tuple(kernel.outputs.get(heading) for kernel in self._kernels))
            for at, heading in enumerate(pairs.measured.headings)
        ]
        names = {output.heading: output.names for output in self._outputs}
        self._standings = [
            [names[pair[at]][at] if pair[at] else "" for pair in pairs.measured.standings] for at in (0, 1)
        ]
        self._keys = [_GROUP, _SIZE, _IS_CHANGED, *(name for side in self._standings for name in side if name)]

    def parts(self) -> Iterator[Part]:
        """The parts, in order."""
        return self._first.each(self._part)

    def _part(self, block: Block) -> Part:
        old, new = (decider.decide(block) for decider in self._deciders)
        bad = self._bad(old, new)
        kept = [old.numbers.is_in(new.numbers.implode()), new.numbers.is_in(old.numbers.implode())]
        sides = [found.decided.filter(rows) for found, rows in zip((old, new), kept, strict=True)]
        numbers = old.numbers.filter(kept[0])
        frame = pl.DataFrame([numbers.alias(_ROW), self._groups(sides).alias(_GROUP)])
        frame = frame.with_columns(column for output in self._outputs for column in output.columns(sides))
        told = self._told(frame)
        rows = self._rows(told, _cells(old, new)) if self._one_by_one else ()
        return Part(frame.height + len(bad), block.done, list(self._counted(told)), rows, bad)

    def _bad(self, old: Decided, new: Decided) -> list[Bad]:
        """The rows that are set aside under either policy, in order."""
        problems: list[dict[int, tuple[Problem, ...]]] = [
            {one.record.number: one.problems for one in found.rejected} for found in (old, new)
        ]
        records = {one.record.number: one.record for found in (old, new) for one in found.rejected}
        return [
            Bad(self._pairs.cells(records[number]), *(found.get(number, ()) for found in problems))
            for number in sorted(records)
        ]

    def _groups(self, sides: Sequence[pl.DataFrame]) -> pl.Series:
        """The group of each household, as its fact is written."""
        heading, at = self._pairs.grouping.heading, self._pairs.grouping.side
        if not heading:
            return pl.Series([""]).new_from_index(0, sides[0].height)
        return self._kernels[at].shown(sides[at], [heading])[heading]

    def _told(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with the gain or loss of each household, and whether anything changes for it."""
        measure = next(output for output in self._outputs if output.heading == self._pairs.measured.measure)
        return frame.with_columns(
            measure.size().alias(_SIZE),
            pl.any_horizontal(output.differs() for output in self._outputs).alias(_IS_CHANGED),
        )

    def _key(self, line: Mapping[str, Any]) -> Key:
        """What the households of a line have in common."""
        group = self._pairs.grouping.group(line[_GROUP])
        places = [Standing(*(line[name] if name else "" for name in side)) for side in self._standings]
        return Key(group, places[0], places[1], line[_SIZE], line[_IS_CHANGED])

    def _rows(self, told: pl.DataFrame, cells: Mapping[int, Sequence[TableCell]]) -> list[Row]:
        """The households one by one."""
        columns = [output.values(told) for output in self._outputs]
        headings = [output.heading for output in self._outputs]
        known: dict[tuple[object, ...], Key] = {}
        found = []
        lines = told.select(_ROW, *self._keys).iter_rows(named=True)
        for line, *values in zip(lines, *columns, strict=True):
            same = tuple(line[name] for name in self._keys)
            if same not in known:
                known[same] = self._key(line)
            found.append(Row(cells[line[_ROW]], known[same], dict(zip(headings, values, strict=True))))
        return found

    def _counted(self, told: pl.DataFrame) -> Iterator[tuple[Key, Cell]]:
        """The households by key."""
        amounts = [output for output in self._outputs if output.heading in self._pairs.measured.amounts]
        sums = [part for output in amounts for part in output.sums()]
        found = told.group_by(self._keys, maintain_order=True).agg(pl.len(), pl.col(_ROW).min(), *sums)
        for line in found.iter_rows(named=True):
            yield (
                self._key(line),
                Cell(line["len"], line[_ROW], {output.heading: output.amounts(line) for output in amounts}),
            )


class _Output:
    """One output under both policies: its two columns, and what is read from them.

    Numbers are whole numbers of one scale; where a policy divides by a fact, each has a column of what divides it beside it.
    """

    def __init__(self, heading: str, at: int, types: tuple[Typed | None, ...]) -> None:
        self.heading = heading
        self.names = f"old {at}", f"new {at}"
        self._types = types
        self._kind = next(found.kind for found in types if found is not None)
        self._scale = lcm(*(found.scale for found in types if found is not None))
        is_divided = any(found.below for found in types if found is not None)
        self._below = tuple(f"{name} below" for name in self.names) if is_divided else ()

    def columns(self, sides: Sequence[pl.DataFrame]) -> Iterator[pl.Series]:
        """Its columns; where a policy has no such output, nothing."""
        for at, (side, found, name) in enumerate(zip(sides, self._types, self.names, strict=True)):
            if self._kind == "number":
                yield self._above(side, found).alias(name)
                if self._below:
                    below = pl.col(found.below) if found is not None and found.below else pl.lit(self._scale)
                    yield _column(side, below.cast(_WIDE)).alias(self._below[at])
            elif found is None:
                yield _column(side, pl.lit(False if self._kind == "truth" else "")).alias(name)
            else:
                yield side.get_column(self.heading).cast(_PLAIN.get(self._kind, found.dtype)).alias(name)

    def _above(self, side: pl.DataFrame, found: Typed | None) -> pl.Series:
        if found is None:
            return _column(side, pl.lit(0, _WIDE))
        factor = 1 if found.below else self._scale // found.scale
        return _column(side, pl.col(self.heading).cast(_WIDE) * pl.lit(factor, _WIDE))

    def _pair(self) -> tuple[pl.Expr, pl.Expr]:
        """Both columns, numbers so that they can be compared with each other."""
        old, new = (pl.col(name) for name in self.names)
        if not self._below:
            return old, new
        below = [pl.col(name) for name in self._below]
        return old * below[1], new * below[0]

    def differs(self) -> pl.Expr:
        """Whether it is not the same under both."""
        old, new = self._pair()
        return old != new

    def size(self) -> pl.Expr:
        """The gain or loss, as `size_of` tells it."""
        old, new = self._pair()
        much = (new - old).abs() * BORDER.denominator >= old.abs() * BORDER.numerator
        more = pl.when(much).then(pl.lit("much_more")).otherwise(pl.lit("more"))
        less = pl.when(much).then(pl.lit("much_less")).otherwise(pl.lit("less"))
        return pl.when(old == new).then(pl.lit("same")).when(new > old).then(more).otherwise(less)

    def sums(self) -> Iterator[pl.Expr]:
        """What `amounts` reads of many households."""
        for name in self.names:
            yield pl.col(name) if self._below else pl.col(name).sum()
            yield (pl.col(name) != 0).sum().alias(f"{name} count")
        yield from (pl.col(name) for name in self._below)

    def amounts(self, line: Mapping[str, Any]) -> Amounts:
        """The sums in a line of what `sums` gave."""
        if self._below:
            pairs = [
                zip(line[name], line[below], strict=True) for name, below in zip(self.names, self._below, strict=True)
            ]
            old, new = (_whole(sum((Fraction(*pair) for pair in found), Fraction(0))) for found in pairs)
        else:
            old, new = (self._number(line[name]) for name in self.names)
        return Amounts(old, new, *(line[f"{name} count"] for name in self.names))

    def values(self, frame: pl.DataFrame) -> Iterator[tuple[Value, Value]]:
        """Both values of each household."""
        old, new = (frame.get_column(name).to_list() for name in self.names)
        if self._kind != "number":
            return zip(old, new, strict=True)
        if self._below:
            below = [frame.get_column(name).to_list() for name in self._below]
            old, new = (
                [_whole(Fraction(*pair)) for pair in zip(found, divisor, strict=True)]
                for found, divisor in zip((old, new), below, strict=True)
            )
            return zip(old, new, strict=True)
        return zip(map(self._number, old), map(self._number, new), strict=True)

    def _number(self, whole: int) -> Number:
        above, rest = divmod(whole, self._scale)
        return Fraction(whole, self._scale) if rest else above


_PLAIN = {"text": pl.String()}


def _column(side: pl.DataFrame, expression: pl.Expr) -> pl.Series:
    """The column of `expression`, one value for each household."""
    return side.with_columns(expression.alias("")).get_column("")


def _whole(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value


def _cells(old: Decided, new: Decided) -> dict[int, Sequence[TableCell]]:
    """The cells that each row brought."""
    found: dict[int, Sequence[TableCell]] = {}
    for side in (old, new):
        plain = side.plain()
        found.update(zip(plain.numbers.to_list(), plain.cells.fill_null("").iter_rows(), strict=True))
        found.update(side.single)
    return found
