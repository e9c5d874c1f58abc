"""Decided rows as Arrow tables, and as single rows of cells for formats that are written cell by cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import polars as pl
from polars import selectors as cs

from engine.algebras.exact import Value
from engine.kernel import Kernel, Typed
from engine.stream.deciding import Decided
from engine.tables import Cell
from engine.tables.texts import shown

__all__ = ["ArrowTables", "arrow", "rows"]

_DIGITS = 38
_NEWEST = pl.CompatLevel.newest()
"""Texts go into Arrow as they stand in polars, and are not copied."""


class ArrowTables:
    """Makes decided rows into Arrow tables: the cells that they brought as texts, under `brought`, then the decision's."""

    def __init__(self, kernel: Kernel, headings: Sequence[str], brought: Sequence[str]) -> None:
        self._kernel = kernel
        self._headings = headings
        self._brought = brought

    def schema(self) -> Any:
        """The schema of every table."""
        types = {**dict.fromkeys(self._brought, pl.String()), **self.types()}
        return arrow(pl.DataFrame(schema=types)).schema

    def types(self) -> Mapping[str, pl.DataType]:
        """The type of each column of the decision."""
        decided = pl.DataFrame(schema={name: found.dtype for name, found in self._kernel.outputs.items()})
        return self.decision(decided).schema

    def table(self, found: Decided) -> Any:
        """Every decided row."""
        return arrow(self.cells(found).hstack(self.decision(found.decided)))

    def cells(self, found: Decided) -> pl.DataFrame:
        """What every decided row brought."""
        plain = found.plain()
        cells = plain.cells.rename(dict(zip(plain.cells.columns, self._brought, strict=True)))
        if found.single:
            rows = [[shown(cell) or None for cell in cells] for cells in found.single.values()]
            more = pl.DataFrame(rows, schema=dict.fromkeys(self._brought, pl.String()), orient="row")
            cells = pl.concat([cells, more])[found.order(plain)]
        return self._blank(cells)

    @staticmethod
    def _blank(cells: pl.DataFrame) -> pl.DataFrame:
        """`cells` with null for what is blank."""
        return cells.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in cells.columns)

    def decision(self, decided: pl.DataFrame) -> pl.DataFrame:
        """The columns of the decision alone."""
        found = pl.DataFrame([self._column(decided, heading).alias(heading) for heading in self._headings])
        return found.with_columns(cs.enum().cast(pl.String))

    def _column(self, decided: pl.DataFrame, heading: str) -> pl.Series:
        """A column of the decision: whole numbers, decimals, truths and days as such, numbers without an end as texts."""
        found = self._kernel.outputs[heading]
        column = decided.get_column(heading)
        if found.kind != "number":
            return column
        if found.places == 0 and column.dtype != pl.Int128:
            return column.cast(pl.Int64)
        decimals = self._kernel.decimals(decided, heading)
        if decimals is not None:
            return decimals
        texts = self._kernel.shown(decided, [heading])[heading]
        return texts if found.places is None else texts.cast(pl.Decimal(_DIGITS, found.places))


def arrow(frame: pl.DataFrame) -> Any:
    """`frame` as an Arrow table."""
    return frame.to_arrow(compat_level=_NEWEST)


def rows(found: Decided, kernel: Kernel, headings: Sequence[str]) -> Iterator[list[Cell]]:
    """Each decided row as cells: those that it brought, then the decision's."""
    plain = found.plain()
    brought: dict[int, Sequence[Cell]] = dict(found.single)
    brought.update(zip(plain.numbers.to_list(), plain.cells.fill_null("").iter_rows(), strict=True))
    values = [_values(found.decided, heading, kernel.outputs[heading]) for heading in headings]
    for number, *decided in zip(found.numbers.to_list(), *values, strict=True):
        yield [*brought[number], *decided]


def _values(decided: pl.DataFrame, heading: str, found: Typed) -> Sequence[Value]:
    """A column of the decision as single values."""
    stand = decided.get_column(heading).to_list()
    if found.kind != "number" or (found.scale == 1 and not found.below):
        return stand
    below = decided.get_column(found.below).to_list() if found.below else itertools.repeat(found.scale)
    return [_plain(Fraction(*pair)) for pair in zip(stand, below, strict=False)]


def _plain(value: Fraction) -> Value:
    return value.numerator if value.denominator == 1 else value
