"""Frames for a kernel: checked, cut into blocks, and what was decided shown as texts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction

import polars as pl

from engine.kernel.facts import Typed
from engine.kernel.program import ROW
from engine.messages import Words, plain
from engine.terms import MOST_64

__all__ = ["Block", "as_decimals", "as_typed", "blocks", "rendered"]

_MOST, _LEAST = 262_144, 131_072
"""Households in a block. Measured: below the least, threads that take turns in Python cost more than they save; above the
most, the columns of a block leave the cache before they are used again, the sooner the more else the machine does."""

Block = tuple[pl.DataFrame, dict[str, pl.DataFrame]]
"""Some households, and of each group their persons, who count their households from the first of these."""


def as_typed(frame: pl.DataFrame, facts: Mapping[str, Typed]) -> pl.DataFrame:
    """The columns `facts` of `frame`, each in its type, for as many rows.

    Raises: ValueError where one is missing, of another kind, or holds a null.
    """
    found = []
    for name, fact in facts.items():
        if name not in frame.columns:
            raise ValueError(f"the frame has no column {name!r}")
        column = frame.get_column(name)
        is_text = column.dtype in (pl.String, pl.Categorical, pl.Enum)
        fits = {"number": column.dtype.is_integer(), "text": is_text}.get(fact.kind, column.dtype == fact.dtype)
        if not fits:
            raise ValueError(f"the column {name!r} holds {column.dtype}, and {fact.dtype} is needed")
        if column.null_count():
            raise ValueError(f"the column {name!r} holds a null")
        found.append(column.cast(fact.dtype))
    return pl.DataFrame(found) if found else pl.DataFrame({"": pl.int_range(frame.height, eager=True)})


def blocks(households: pl.DataFrame, persons: Mapping[str, pl.DataFrame]) -> list[Block]:
    """All the households, in order, in blocks of nearly the same size, enough of them for every thread."""
    rows = households.height
    count = max(-(-rows // _MOST), min(rows // _LEAST, pl.thread_pool_size()), 1)
    ends = [rows * number // count for number in range(count + 1)]
    cuts = {group: people.get_column(ROW).search_sorted(pl.Series(ends)).to_list() for group, people in persons.items()}
    found = []
    for number, (start, end) in enumerate(itertools.pairwise(ends)):
        people = {
            group: frame.slice(cuts[group][number], cuts[group][number + 1] - cuts[group][number])
            for group, frame in persons.items()
        }
        here = {group: frame.with_columns(pl.col(ROW) - start) for group, frame in people.items()}
        found.append((households.slice(start, end - start), here))
    return found


def rendered(decided: pl.DataFrame, columns: Mapping[str, Typed], words: Words) -> dict[str, pl.Series]:
    """The `columns` of `decided` as texts, as single values are shown: decimals, those of money too; the policy's words for truth.

    Numbers of few places are written together: each step of polars costs more than its work on so few rows.
    """
    found: dict[str, pl.Series] = {}
    few: dict[tuple[int, int], dict[str, pl.Series]] = {}
    for name, column in columns.items():
        values = decided.get_column(name)
        places = column.places if column.kind == "number" else None
        scaled = _scaled(values, column, max(places, column.decimals)) if places else None
        if places is None or scaled is None:
            found[name] = _rendered(decided, values, column, words)
        else:
            few.setdefault((places, column.decimals), {})[name] = scaled
    for (places, least), numbers in few.items():
        found |= _few_decimals(numbers, places, least)
    return {name: found[name] for name in columns}


def _rendered(decided: pl.DataFrame, found: pl.Series, column: Typed, words: Words) -> pl.Series:
    if column.kind == "truth":
        return pl.Series([words["true"]]).zip_with(found, pl.Series([words["false"]]))
    if column.kind != "number" or (column.scale == 1 and not column.below):
        return found.cast(pl.String)
    if column.places is not None:
        return _decimals(found, column.scale, column.places, column.decimals)
    below = decided.get_column(column.below) if column.below else itertools.repeat(column.scale)
    texts = [plain(Fraction(*pair), column.decimals) for pair in zip(found, below, strict=False)]
    return pl.Series(texts, dtype=pl.String)


def _decimals(numbers: pl.Series, scale: int, places: int, least: int) -> pl.Series:
    """Whole numbers of `1/scale`, as decimals of no more than `places` places; not fewer than the `least` where not whole."""
    places = max(places, least)
    size = 10**places // scale
    width = pl.Int64 if _is_within_64(numbers, size) else pl.Int128
    number = pl.col("").cast(width)
    digits = (number.abs() * pl.lit(size, width)).cast(pl.String).str.zfill(places + 1)
    rest = digits.str.tail(places).str.strip_chars_end("0") if places else pl.lit("")
    sign = pl.when(number < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    behind = pl.when(rest == "").then(pl.lit("")).otherwise(pl.lit(".") + rest.str.pad_end(least, "0"))
    whole = digits.str.head(-places) if places else digits
    return pl.DataFrame({"": numbers}).select_seq(sign + whole + behind).to_series()


def _few_decimals(columns: Mapping[str, pl.Series], places: int, least: int) -> dict[str, pl.Series]:
    """The same for columns of numbers of `1/10**places` that 64 bits hold: written with all places, then what is needless cut
    off. 0, which most amounts are, is written once.
    """
    said = {name: numbers.filter(numbers != 0) for name, numbers in columns.items()}
    made = _decimal(max(places, least)).cast(pl.String)
    for _ in range(places - least):
        made = made.str.strip_suffix("0")
    made = made.str.strip_suffix("." + "0" * least)
    texts = pl.concat([pl.Series([0]), *said.values()], rechunk=True).to_frame("").select_seq(made).to_series()
    starts = itertools.accumulate((len(numbers) for numbers in said.values()), initial=0)
    at = [_counted(pl.col(name) != 0, start) for name, start in zip(columns, starts, strict=False)]
    found = pl.DataFrame([numbers.alias(name) for name, numbers in columns.items()]).select_seq(at)
    return {name: texts.gather(found.get_column(name)) for name in columns}


def _counted(holds: pl.Expr, start: int) -> pl.Expr:
    """How many rows `holds` has held in, and `start` more; 0 where it does not."""
    return pl.when(holds).then(holds.cum_sum() + start).otherwise(0).cast(pl.UInt32)


def as_decimals(numbers: pl.Series, column: Typed) -> pl.Series | None:
    """The numbers of `column` as polars decimals; None where they have no end, or 64 bits may not hold them."""
    places = column.places
    scaled = None if places is None else _scaled(numbers, column, places)
    return None if places is None or scaled is None else scaled.to_frame("").select_seq(_decimal(places)).to_series()


def _scaled(numbers: pl.Series, column: Typed, places: int) -> pl.Series | None:
    """The numbers of `column` as whole numbers of `1/10**places`; None where 64 bits may not hold them."""
    size = 10**places // column.scale
    is_held = numbers.dtype != pl.Int128 and _is_within_64(numbers, size)
    return numbers.cast(pl.Int64) * size if is_held else None


def _is_within_64(numbers: pl.Series, size: int) -> bool:
    """Whether 64 bits hold each of `numbers`, `size` times."""
    ends = [end for end in (numbers.min(), numbers.max()) if isinstance(end, int)]
    return max((abs(end) for end in ends), default=0) * size <= MOST_64


def _decimal(places: int) -> pl.Expr:
    """Whole numbers of `1/10**places` as decimals.

    The factor is one unit of the last place: the product is exact, whatever polars rounds of longer ones.
    """
    whole = pl.col("").cast(pl.Decimal(_DIGITS, 0))
    return whole * pl.lit(f"0.{'1'.zfill(places)}").cast(pl.Decimal(_DIGITS, places)) if places else whole


_DIGITS = 38
