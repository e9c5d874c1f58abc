"""The seven columns from file to file, as an expert would write it who wants no check and no reason: only the columns that
are needed are read, in a stream, and the seven are written, amounts in whole 分.

    python -m benchmarks.file_to_file hand households.csv decided.parquet
    python -m benchmarks.file_to_file kernel households.csv decided.parquet

`hand` decides with the scheme written by hand, `kernel` with the policy, compiled; all else is the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import polars as pl

from benchmarks import hand_written

__all__ = ["main", "read"]

_COUNTS = ("家庭人口", "在学子女数")
_NEVER_BLANK = ("家庭人口", "家庭年收入", "当地低保月标准", "城市低保平均标准")
_MONEY = pl.Decimal(12, 2)


def read(path: Path) -> pl.LazyFrame:
    """The facts that the columns need, out of CSV or Parquet: money in whole 分; what a form may leave blank is 0."""
    found = pl.scan_parquet(path) if path.suffix == ".parquet" else _csv(path)
    return found.select(_fact(name) for name in hand_written.FACTS)


def _csv(path: Path) -> pl.LazyFrame:
    with path.open(encoding="utf-8") as stream:
        headings = stream.readline().strip().split(",")
    counts, needed = dict.fromkeys(_COUNTS, pl.Int64()), dict.fromkeys(hand_written.FACTS, _MONEY)
    return pl.scan_csv(path, schema={name: (needed | counts).get(name, pl.String()) for name in headings})


def _fact(name: str) -> pl.Expr:
    fact, _, is_filled = name.partition("·")
    if is_filled:
        return pl.col(fact).is_not_null().alias(name)
    number = pl.col(name) if name in _COUNTS else pl.col(name).to_physical().cast(pl.Int64)
    return number if name in _NEVER_BLANK else number.fill_null(0)


def _kernel() -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    policy = import_module("engine").load_cached(Path(__file__).parent.parent / "policies" / "2023")
    decide: Callable[[pl.LazyFrame], pl.LazyFrame] = (
        import_module("engine.kernel").compile(policy, hand_written.COLUMNS).decide
    )
    return decide


def main(how: str, source: Path, target: Path) -> None:
    """Decide every household of `source` into `target`."""
    decide = _kernel() if how == "kernel" else hand_written.plan
    decided = decide(read(source))
    decided.sink_parquet(target) if target.suffix == ".parquet" else decided.sink_csv(target)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
