"""Decided rows written: as the lines of a CSV file by whole columns, into other formats row by row."""

from __future__ import annotations

import io
import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import polars as pl
from polars import selectors as cs

from engine.algebras.exact import Value
from engine.kernel import Kernel, Typed
from engine.stream.deciding import Decided
from engine.tables import Cell
from engine.tables.csv import PLAIN_CELL, CsvTarget, written
from engine.tables.texts import shown

__all__ = ["ArrowTables", "CsvLines", "arrow", "rows"]

_DIGITS = 38
_BROUGHT = "="
_NEWEST = pl.CompatLevel.newest()
"""Texts go into Arrow as they stand in polars, and are not copied."""

_PLAIN_CELL = f"^{PLAIN_CELL}$"
_DOUBTFUL_CELL = "(?:^|,)[^0-9A-Za-z\u4e00-\u9fff,]"


class CsvLines:
    """Writes decided rows as lines of CSV, in UTF-8: the cells that they brought, then the decision's under `headings`."""

    def __init__(self, kernel: Kernel, headings: Sequence[str], target: CsvTarget) -> None:
        self._kernel = kernel
        self._headings = headings
        self._numbers = [heading for heading in headings if kernel.outputs[heading].kind == "number"]
        self._target = target
        self._free: deque[io.BytesIO] = deque()
        """Streams that were written, to be written over: memory that is new to a process costs more than what goes in."""

    def made(self, found: Decided) -> io.BytesIO:
        """The lines of every decided row, as a stream that ends with them."""
        return self.lines(self.cells(found))

    def cells(self, found: Decided) -> pl.DataFrame:
        """Every decided row as it is written: in the first column all that it brought, then the decision's."""
        numbers = self._kernel.shown(found.decided, self._numbers)
        columns = [numbers[name] if name in numbers else self._text(found.decided, name) for name in self._headings]
        begun = self._begun(found).alias(_BROUGHT)
        return pl.DataFrame(
            [begun, *(column.alias(name) for name, column in zip(self._headings, columns, strict=True))]
        )

    def lines(self, cells: pl.DataFrame) -> io.BytesIO:
        """The lines of `cells`, as a stream that ends with them."""
        stream = self._stream()
        cells.write_csv(stream, include_header=False, quote_style="never", line_terminator="\r\n", null_value="")
        return stream

    def write(self, made: io.BytesIO, count: int) -> None:
        """Write the `count` lines `made`; they are no longer there then."""
        end = made.tell()
        with made.getbuffer() as whole, whole[:end] as lines:
            self._target.write_lines(lines, count)
        self._free.append(made)

    def _stream(self) -> io.BytesIO:
        try:
            stream = self._free.pop()
        except IndexError:
            return io.BytesIO()
        stream.seek(0)
        return stream

    def _text(self, decided: pl.DataFrame, heading: str) -> pl.Series:
        column, found = decided.get_column(heading), self._kernel.outputs[heading]
        if found.kind == "text":
            return column if self._kernel.all_match(heading, _PLAIN_CELL) else _safe(column.cast(pl.String))
        return column.cast(pl.String)  # as cells of CSV show truths: true, false

    def _begun(self, found: Decided) -> pl.Series:
        """The beginning of each line: the cells that the row brought."""
        plain = found.plain()
        if plain.lines is None:
            lines = self._joined(plain.cells)
        else:
            lines = plain.lines if found.block.is_plain else self._as_they_stand(plain.cells, plain.lines)
        if not found.single:
            return lines
        alone = [",".join(map(written, cells)) for cells in found.single.values()]
        both = pl.concat([plain.numbers, pl.Series(list(found.single), dtype=pl.Int64)])
        return pl.concat([lines, pl.Series(alone, dtype=pl.String)]).gather(both.arg_sort())

    def _as_they_stand(self, cells: pl.DataFrame, lines: pl.Series) -> pl.Series:
        """The lines of the file, but those made anew that would be written otherwise here."""
        doubtful = lines.str.contains(_DOUBTFUL_CELL)
        if not doubtful.any():
            return lines
        places = doubtful.arg_true()
        return lines.scatter(places, self._joined(cells[places]))

    @staticmethod
    def _joined(cells: pl.DataFrame) -> pl.Series:
        made = [_safe(column.fill_null("")) for column in cells]
        return pl.DataFrame(made).select(pl.concat_str(pl.all(), separator=",")).to_series()


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
            both = pl.concat([plain.numbers, pl.Series(list(found.single), dtype=pl.Int64)])
            cells = pl.concat([cells, more])[both.arg_sort()]
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


def _safe(texts: pl.Series) -> pl.Series:
    """`texts` as CSV writes them."""
    distinct = texts.unique()
    doubtful = distinct.filter((distinct != "") & ~distinct.str.contains(_PLAIN_CELL))
    if not len(doubtful):
        return texts
    new = pl.Series([written(text) for text in doubtful.to_list()], dtype=pl.String)
    return texts.replace(doubtful, new)


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
