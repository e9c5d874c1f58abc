"""The archive of a country as a CSV file: the households of `benchmarks.generate` as people write them, some with mistakes.

    python -m benchmarks.archive 5500000 archive.csv

Of each thousand rows one has an income that is no number; beyond the first `PIECE` rows one has the ID number of another
row, whole pieces before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from benchmarks.generate import households
from benchmarks.inputs import yuan
from engine import Policy, load
from engine.policy import Fact

__all__ = ["PIECE", "cells", "main", "with_mistakes"]

PIECE = 500_000
"""Rows that are made at once."""
_FOLDER = Path(__file__).parent.parent / "policies" / "2023"
_WRONG, _AGAIN = 500, 999


def cells(policy: Policy, frame: pl.DataFrame) -> pl.DataFrame:
    """The cells that bring the core facts of `frame`, a column for each fact of `policy`; null where nothing stands.

    What would be looked up is written out, since the facts made need not be those of the tables.
    """
    return frame.select(_cell(policy, fact, frame).alias(fact.name) for fact in policy.facts)


def _cell(policy: Policy, fact: Fact, frame: pl.DataFrame) -> pl.Expr:
    value, given = pl.col(fact.name), f"{fact.name}·{policy.words['given']}"
    if fact.kind == "truth":
        text = pl.when(value).then(pl.lit("是")).otherwise(pl.lit("否"))
    elif fact.kind == "money":
        text = yuan(value)
    else:
        text = value.cast(pl.String)
    is_written = given not in frame.columns or (fact.absence is not None and fact.absence.is_looked_up)
    return text if is_written else pl.when(pl.col(given)).then(text)


def with_mistakes(rows: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """`rows` of cells with an income that is no number, and ID numbers of `first`, which has as many rows or more."""
    place = pl.int_range(pl.len()) % 1000
    wrong = pl.when(place == _WRONG).then(pl.col("家庭年收入") + "元").otherwise(pl.col("家庭年收入"))
    again = first.get_column("身份证号").head(rows.height)
    return rows.with_columns(
        wrong.alias("家庭年收入"), pl.when(place == _AGAIN).then(again).otherwise(pl.col("身份证号")).alias("身份证号")
    )


def main(rows: int, target: Path) -> None:
    """Write so many rows."""
    policy = load(_FOLDER)
    first = cells(policy, households(min(rows, PIECE)))
    with target.open("wb") as stream:
        for begin in range(0, rows, PIECE):
            piece = cells(policy, households(min(PIECE, rows - begin), first=begin))
            with_mistakes(piece, first).write_csv(stream, include_header=begin == 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
