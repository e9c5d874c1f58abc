"""The made-up households as files that users bring: 元 with two places, blanks where a form was left blank, 是 and 否.

Every row can be decided: its standards are filled in, and at most one amount is 核定. In a file with bad rows one row of a
hundred is not like that, in the ways of `FAULTS` by turns; all others are those of the clean file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import polars as pl

from benchmarks.generate import households

__all__ = [
    "BLOCK",
    "FAULTS",
    "NUMBER",
    "TODAY",
    "facts",
    "is_bad",
    "write_csv",
    "write_household",
    "write_parquet",
    "write_workbook",
    "yuan",
]

NUMBER = "编号"
"""The column that says which household a row is, from 0."""

TODAY = "2023-08-01"
"""The day that a blank 核算日期 means to the generator."""

FAULTS = (
    ("家庭人口", ""),
    ("家庭人口", "0"),
    ("家庭人口", "2.5"),
    ("家庭人口", "31"),
    ("家庭人口", "三口"),
    ("家庭年收入", ""),
    ("家庭年收入", "约2万"),
    ("家庭年收入", "-3500"),
    ("家庭年收入", "20000元"),
    ("家庭年收入", "21000.005"),
    ("家庭年收入", "200000000"),
    ("因病支出", "#N/A"),
    ("子女上学支出", "3.200.00"),
    ("医疗个人负担", "=SUM(A1:A9)"),
    ("在学子女数", "一个"),
    ("当地低保月标准", "0"),
    ("城市低保平均标准", "七百"),
    ("已建档", "大概"),
    ("身份证号", "1.1E+17"),
    ("核算日期", "2023-02-30"),
    ("核算日期", "2023-08-01,,"),
)
"""Twenty columns and cells that cannot be read, and at last a row with more cells than there are headings."""

BLOCK = 1_000_000
"""So many households are made at once."""

_EVERY, _AT = 100, 37
_STANDARDS = ("当地低保月标准", "城市低保平均标准")
_CHOICES = ("核定生活救助", "核定医疗救助", "核定助学救助", "核定意外救助")
_COUNTS = ("家庭人口", "在学子女数")
_FIRST = ("身份证号", "城市", "县区")


def facts(rows: int, first: int = 0) -> pl.DataFrame:
    """The core facts of households from number `first` on, as the files hold them."""
    found = households(rows, first=first)
    given = pl.col(_given(_CHOICES[0]))
    changed = [pl.lit(True).alias(_given(name)) for name in _STANDARDS]
    for name in _CHOICES[1:]:
        changed.append((pl.col(_given(name)) & ~given).alias(_given(name)))
        given = given | pl.col(_given(name))
    return found.with_columns(changed).with_columns(
        pl.when(_given(name)).then(pl.col(name)).otherwise(pl.lit(0, pl.Int64)).alias(name) for name in _CHOICES
    )


def is_bad(number: pl.Expr) -> pl.Expr:
    """Whether the household of this number is spoilt in a file with bad rows."""
    return number % _EVERY == _AT


def write_csv(path: Path, rows: int, *, spoilt: bool = False) -> None:
    """So many households as CSV; with `spoilt`, one of a hundred has a fault."""
    with path.open("wb") as stream:
        for number, brought in enumerate(_brought(rows)):
            cells = brought.select(_cell(brought, name) for name in brought.columns)
            if spoilt:
                cells = cells.with_columns(_faults())
            cells.write_csv(stream, include_header=number == 0, quote_style="never")


def write_parquet(path: Path, rows: int) -> None:
    """So many households as Parquet: decimals of 元, whole numbers, days, truths, nulls for blanks."""
    parts = [path.with_name(f"{path.name}.{number}") for number in range(-(-rows // BLOCK))]
    for part, brought in zip(parts, _brought(rows), strict=True):
        brought.write_parquet(part)
    pl.scan_parquet(parts).sink_parquet(path)
    for part in parts:
        part.unlink()


def write_workbook(path: Path, rows: int) -> None:
    """So many households as a workbook: numbers, days and texts, no cell for a blank."""
    (brought,) = _brought(rows)
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("填报")
    sheet.append(brought.columns)
    truths = [_cell(brought, name) for name in brought.columns if brought[name].dtype == pl.Boolean]
    for row in brought.with_columns(truths).iter_rows():
        sheet.append(row)
    workbook.save(path)


def write_household(path: Path) -> None:
    """The first household alone, as YAML."""
    (brought,) = _brought(1)
    cells = brought.select(_cell(brought, name) for name in brought.columns[2:]).row(0, named=True)
    lines = [f"{name}: '{cell}'\n" for name, cell in cells.items() if cell is not None]
    path.write_text("".join(lines), encoding="utf-8")


def _brought(rows: int) -> Iterator[pl.DataFrame]:
    """The columns of a form, block by block; null where it was left blank."""
    for first in range(0, rows, BLOCK):
        found = facts(min(BLOCK, rows - first), first)
        names = [name for name in found.columns if "·" not in name and name not in _FIRST]
        number = pl.int_range(first, first + found.height, eager=True).alias(NUMBER)
        yield found.select(number, pl.lit("张三").alias("姓名"), *[_amount(found, name) for name in (*_FIRST, *names)])


def _amount(found: pl.DataFrame, name: str) -> pl.Expr:
    """Money in 元 with two places; what was not filled in is null."""
    column = pl.col(name)
    if found[name].dtype == pl.Int64 and name not in _COUNTS:
        column = yuan(column).cast(pl.Decimal(18, 2))
    filled = _given(name)
    return (pl.when(filled).then(column) if filled in found.columns else column).alias(name)


def yuan(cents: pl.Expr) -> pl.Expr:
    """Whole 分 as a text of 元, 25 as 0.25."""
    return pl.concat_str(cents // 100, pl.lit("."), (cents % 100).cast(pl.String).str.zfill(2))


def _cell(brought: pl.DataFrame, name: str) -> pl.Expr:
    """A column as texts: whole 元 without places, as people type them."""
    column = pl.col(name)
    if brought[name].dtype == pl.Boolean:
        return pl.when(column).then(pl.lit("是")).when(~column).then(pl.lit("否")).alias(name)
    texts = column.cast(pl.String)
    return texts.str.strip_suffix(".00") if isinstance(brought[name].dtype, pl.Decimal) else texts


def _faults() -> list[pl.Expr]:
    number = pl.col(NUMBER).cast(pl.Int64)
    found: dict[str, pl.Expr] = {}
    for turn, (name, cell) in enumerate(FAULTS):
        is_hit = is_bad(number) & (number // _EVERY % len(FAULTS) == turn)
        found[name] = pl.when(is_hit).then(pl.lit(cell)).otherwise(found.get(name, pl.col(name)))
    return [column.alias(name) for name, column in found.items()]


def _given(name: str) -> str:
    return f"{name}·已填"
