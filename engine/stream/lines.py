"""Decided rows as the lines of a file, by whole columns: the cells that they brought, then the decision's."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

import polars as pl

from engine.kernel import Kernel
from engine.stream.deciding import Decided, Plain
from engine.tables import Cell, Target, csv, jsonl
from engine.tables.csv import PLAIN_CELL, CsvTarget
from engine.tables.jsonl import JsonlTarget

__all__ = ["Lines", "lines_into"]

_BROUGHT = "="
_PLAIN_CELL = f"^{PLAIN_CELL}$"
_DOUBTFUL_CELL = "(?:^|,)[^0-9A-Za-z\u4e00-\u9fff,]"
_ESCAPED = r'["\\\x00-\x1f]'
_UNESCAPED = r'^[^"\\\x00-\x1f]*$'


def lines_into(target: Target, kernel: Kernel, headings: Sequence[str], brought: Sequence[str]) -> Lines | None:
    """What writes into `target` the cells under `brought` and a decision under `headings`; None where it is no file of lines."""
    if isinstance(target, CsvTarget):
        return _CsvLines(target, kernel, headings)
    return _JsonLines(target, kernel, headings, brought) if isinstance(target, JsonlTarget) else None


class Lines(ABC):
    """Writes decided rows as lines, in UTF-8."""

    def __init__(self, target: CsvTarget | JsonlTarget, kernel: Kernel, headings: Sequence[str]) -> None:
        self._target = target
        self._kernel = kernel
        self._headings = headings
        self._numbers = [heading for heading in headings if kernel.outputs[heading].kind == "number"]
        self._free: deque[io.BytesIO] = deque()
        """Streams that were written, to be written over: memory that is new to a process costs more than what goes in."""

    def made(self, found: Decided) -> io.BytesIO:
        """The lines of every decided row, as a stream that ends with them."""
        return self.lines(self.cells(found))

    def cells(self, found: Decided) -> pl.DataFrame:
        """Every decided row as it is written: in the first column all that it brought, then the decision's."""
        shown = self._kernel.shown(found.decided, self._numbers)
        numbers = {name: self._number(texts) for name, texts in shown.items()}
        columns = [numbers[name] if name in numbers else self._text(found.decided, name) for name in self._headings]
        begun = self._begun(found).alias(_BROUGHT)
        return pl.DataFrame(
            [begun, *(column.alias(name) for name, column in zip(self._headings, columns, strict=True))]
        )

    @abstractmethod
    def lines(self, cells: pl.DataFrame) -> io.BytesIO:
        """The lines of `cells`, as a stream that ends with them."""

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

    def _begun(self, found: Decided) -> pl.Series:
        """The beginning of each line: the cells that the row brought."""
        plain = found.plain()
        lines = self._plain(plain, is_plain=found.block.is_plain)
        if not found.single:
            return lines
        alone = pl.Series(list(map(self._alone, found.single.values())), dtype=pl.String)
        return pl.concat([lines, alone]).gather(found.order(plain))

    @abstractmethod
    def _number(self, texts: pl.Series) -> pl.Series:
        """The numbers of a column of the decision, from their `texts`."""

    @abstractmethod
    def _text(self, decided: pl.DataFrame, heading: str) -> pl.Series:
        """A column of the decision that holds no numbers."""

    @abstractmethod
    def _plain(self, rows: Plain, *, is_plain: bool) -> pl.Series:
        """What rows brought that were read by whole columns; `is_plain` as in a block."""

    @abstractmethod
    def _alone(self, cells: Sequence[Cell]) -> str:
        """What a row brought that was read by itself."""


class _CsvLines(Lines):
    """Lines of CSV."""

    def lines(self, cells: pl.DataFrame) -> io.BytesIO:
        stream = self._stream()
        cells.write_csv(stream, include_header=False, quote_style="never", line_terminator="\r\n", null_value="")
        return stream

    def _number(self, texts: pl.Series) -> pl.Series:
        return texts

    def _text(self, decided: pl.DataFrame, heading: str) -> pl.Series:
        column, found = decided.get_column(heading), self._kernel.outputs[heading]
        if found.kind == "text":
            return column if self._kernel.all_match(heading, _PLAIN_CELL) else _safe(column.cast(pl.String))
        return column.cast(pl.String)  # as cells of CSV show truths: true, false

    def _plain(self, rows: Plain, *, is_plain: bool) -> pl.Series:
        if rows.lines is None:
            return _joined(rows.cells)
        return rows.lines if is_plain else _as_they_stand(rows.cells, rows.lines)

    def _alone(self, cells: Sequence[Cell]) -> str:
        return ",".join(map(csv.written, cells))


def _as_they_stand(cells: pl.DataFrame, lines: pl.Series) -> pl.Series:
    """The lines of a CSV file, but those made anew that would be written otherwise here."""
    doubtful = lines.str.contains(_DOUBTFUL_CELL)
    if not doubtful.any():
        return lines
    places = doubtful.arg_true()
    return lines.scatter(places, _joined(cells[places]))


def _joined(cells: pl.DataFrame) -> pl.Series:
    made = [_safe(column.fill_null("")) for column in cells]
    return pl.DataFrame(made).select(pl.concat_str(pl.all(), separator=",")).to_series()


def _safe(texts: pl.Series) -> pl.Series:
    """`texts` as CSV writes them."""
    return _replaced(texts, (texts != "") & ~texts.str.contains(_PLAIN_CELL), csv.written)


class _JsonLines(Lines):
    """Lines of JSON: an object each, with null where nothing stands, and amounts without needless zeros."""

    def __init__(self, target: JsonlTarget, kernel: Kernel, headings: Sequence[str], brought: Sequence[str]) -> None:
        super().__init__(target, kernel.showing({}), headings)
        self._keys = [f"{', ' if number else ''}{jsonl.encoded(name)}: " for number, name in enumerate(brought)]
        """What stands before each cell that was brought."""

    def lines(self, cells: pl.DataFrame) -> io.BytesIO:
        begun, *names = cells.columns
        pairs = [
            part for name in names for part in (pl.lit(f", {jsonl.encoded(name)}: "), pl.col(name).fill_null(_NULL))
        ]
        stream = self._stream()
        whole = cells.select(pl.concat_str(pl.lit("{"), pl.col(begun), *pairs, pl.lit("}")))
        whole.write_csv(stream, include_header=False, quote_style="never")
        return stream

    def _number(self, texts: pl.Series) -> pl.Series:
        number = pl.col("")
        is_endless = number.str.contains("/", literal=True)
        return texts.to_frame("").select(pl.when(is_endless).then(_quoted(number)).otherwise(number)).to_series()

    def _text(self, decided: pl.DataFrame, heading: str) -> pl.Series:
        column, found = decided.get_column(heading).cast(pl.String), self._kernel.outputs[heading]
        if found.kind == "truth":
            return column
        is_safe = found.kind != "text" or self._kernel.all_match(heading, _UNESCAPED)
        texts = column if is_safe else _escaped(column)
        return texts.to_frame("").select(_or_null(pl.col(""))).to_series()

    def _plain(self, rows: Plain, *, is_plain: bool) -> pl.Series:
        is_safe = rows.lines is not None and not rows.lines.str.contains(_ESCAPED).any()
        cells = rows.cells if is_safe else pl.DataFrame(map(_escaped, rows.cells))
        pairs = zip(cells.columns, self._keys, strict=True)
        parts = [part for name, key in pairs for part in (pl.lit(key), _or_null(pl.col(name)))]
        return cells.select(pl.concat_str(parts)).to_series()

    def _alone(self, cells: Sequence[Cell]) -> str:
        return "".join(key + jsonl.written(cell) for key, cell in zip(self._keys, cells, strict=True))


_NULL = "null"


def _quoted(texts: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), texts, pl.lit('"'))


def _or_null(texts: pl.Expr) -> pl.Expr:
    """Texts in which nothing needs to be escaped as JSON."""
    return pl.when(texts != "").then(_quoted(texts)).otherwise(pl.lit(_NULL))


def _escaped(texts: pl.Series) -> pl.Series:
    """`texts` with what JSON escapes within quotes."""
    return _replaced(texts, texts.str.contains(_ESCAPED).fill_null(False), lambda text: jsonl.encoded(text)[1:-1])


def _replaced(texts: pl.Series, doubtful: pl.Series, new: Callable[[str], str]) -> pl.Series:
    """`texts` with what `new` makes of those that are `doubtful`, each distinct one once."""
    old = texts.filter(doubtful).unique()
    if not len(old):
        return texts
    return texts.replace(old, pl.Series(list(map(new, old.to_list())), dtype=pl.String))
