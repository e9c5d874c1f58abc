"""Made-up households of the 2023 scheme by the million, as typed core facts: about half on a line of the scheme.

Every value comes from the row's number and the seed through whole numbers alone (splitmix64), so the same rows come
out on every machine and for any number of rows. Money is in whole 分, standards in 分 a month.

    python -m benchmarks.generate 1000000 households.parquet
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl

__all__ = ["households"]

_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_EXPENSES = ("因病支出", "因残支出", "子女上学支出")
_RETURNS = ("赔偿补偿", "保险支付", "社会救助", "社会帮扶")
_AIDS = ("生活救助", "医疗救助", "助学救助", "意外救助")
_PRIOR = tuple("年内已获" + aid for aid in _AIDS)
_CHOICES = tuple("核定" + aid for aid in _AIDS)
_MAY_BE_BLANK = (*_EXPENSES, "必要就业成本", "致困支出总额", *_RETURNS, "医疗个人负担", "在学子女数", *_PRIOR)
_LOCAL = (73800, 73900, 77100, 68700, 78100, 68655, 81233, 74662)
_AVERAGE = (74700, 74662, 68655, 75000, 91237, 83333, 83334, 70001)
_HALVES = (74375, 74374, 74376, 73125, 73124, 75625, 74479, 74480, 74218, 74219, 75520, 75521)
_LINES = 18
"""How many ways of standing on a line there are (`_moved` names them); as many rows again stand on none."""

_DAYS = 190
_TODAY = datetime.date(2023, 8, 1)
_ROW = "行"


def households(rows: int, seed: int = 2023, names: Sequence[str] | None = None, first: int = 0) -> pl.DataFrame:
    """`rows` households from number `first` on, as core facts (those of `names`; by default all): integers of 分 and
    persons, truths, texts, dates.

    The same row for the same seed and number, whatever else is made; half of them on a line or one 分 beside.
    """
    draw = _Draw(seed)
    frame = pl.LazyFrame({_ROW: pl.int_range(first, first + rows, dtype=pl.UInt64, eager=True)})
    for step in (_ordinary, _moved, _balanced, _given, _identified):
        frame = frame.with_columns(*step(draw))
    facts = frame.select(pl.exclude(_ROW, "收入余额", "类"))
    return (facts if names is None else facts.select(*names)).collect(engine="streaming")


class _Draw:
    """Numbers drawn for each row, one sequence for each purpose."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._purposes: dict[str, int] = {}

    def below(self, purpose: str, limit: int) -> pl.Expr:
        """A number from 0 up to, not including, `limit`."""
        salt = self._purposes.setdefault(purpose, len(self._purposes) + 1)
        start = (self._seed * _FIRST + salt * _SECOND) % 2**64
        mixed = (pl.col(_ROW) + 1) * _whole(_GOLDEN) + _whole(start)
        mixed = (mixed ^ (mixed // _whole(2**30))) * _whole(_FIRST)
        mixed = (mixed ^ (mixed // _whole(2**27))) * _whole(_SECOND)
        return ((mixed ^ (mixed // _whole(2**31))) % _whole(limit)).cast(pl.Int64)

    def one_in(self, purpose: str, count: int) -> pl.Expr:
        """True for one row of `count`."""
        return self.below(purpose, count) == 0

    def one_of(self, purpose: str, values: Sequence[int]) -> pl.Expr:
        """One of `values`."""
        at = self.below(purpose, len(values))
        found = pl.lit(values[-1], pl.Int64)
        for index, value in enumerate(values[:-1]):
            found = pl.when(at == index).then(pl.lit(value, pl.Int64)).otherwise(found)
        return found

    def money(self, purpose: str, limit: int) -> pl.Expr:
        """An amount below `limit`, in half of the rows whole 元."""
        amount = self.below(purpose, limit)
        return pl.when(self.one_in(purpose + "整", 2)).then(amount // 100 * 100).otherwise(amount)

    def beside(self, purpose: str = "旁") -> pl.Expr:
        """One 分 below, exactly on, or one 分 above."""
        return self.below(purpose, 3) - 1


def _whole(value: int) -> pl.Expr:
    return pl.lit(value, pl.UInt64)


def _sometimes(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value).otherwise(pl.lit(0, pl.Int64))


def _ordinary(draw: _Draw) -> list[pl.Expr]:
    """Facts drawn at large, and which way of standing on a line the row gets."""
    facts = {
        "类": draw.below("类", 2 * _LINES),
        "家庭人口": draw.one_of("家庭人口", (1, 2, 2, 3, 3, 3, 4, 5, 6, 30)),
        "当地低保月标准": draw.one_of("当地", _LOCAL),
        "城市低保平均标准": draw.one_of("平均", _AVERAGE),
        "在学子女数": draw.one_of("学生", (0, 0, 0, 1, 1, 2, 3)),
        "医疗个人负担": _sometimes(draw.one_in("有负担", 2), draw.money("负担", 8000000)),
        "致困支出总额": _sometimes(draw.one_in("有损失", 4), draw.money("损失", 9000000)),
    }
    facts |= {name: _sometimes(draw.one_in("有" + name, 2), draw.money(name, 3000000)) for name in _EXPENSES}
    facts |= {"必要就业成本": _sometimes(draw.one_in("有成本", 2), draw.money("成本", 500000))}
    facts |= {name: _sometimes(draw.one_in("有" + name, 9), draw.money(name, 400000)) for name in _RETURNS}
    facts |= {name: _sometimes(draw.one_in("有" + name, 14), draw.money(name, 900000)) for name in _PRIOR}
    facts |= {name: _sometimes(draw.one_in("有" + name, 20), draw.money(name, 1200000)) for name in _CHOICES}
    facts |= {f"{name}·已填": draw.one_in("有" + name, 20) for name in _CHOICES}
    return [value.alias(name) for name, value in facts.items()]


def _moved(draw: _Draw) -> list[pl.Expr]:
    """The facts of the rows that stand on a line, and `收入余额`: what is left of the income once expenses are off."""
    cases = [_case(name, kinds).clip(lower_bound=0).alias(name) for name, kinds in _on_lines(draw).items()]
    chosen = {"核定生活救助": (14, 15), "核定医疗救助": (16,)}
    cases += [
        (pl.col(f"{name}·已填") | pl.col("类").is_in(kinds)).alias(f"{name}·已填") for name, kinds in chosen.items()
    ]
    cleared = ("年内已获生活救助", "年内已获助学救助", "年内已获意外救助", "核定助学救助", "核定意外救助")
    cases += [_sometimes(~pl.col("类").is_between(2, 13), pl.col(name)).alias(name) for name in cleared]
    return [*cases, _left(draw).alias("收入余额")]


def _on_lines(draw: _Draw) -> dict[str, dict[int, pl.Expr]]:
    """What each fact becomes in each way of standing on a line."""
    month, near = pl.col("城市低保平均标准"), draw.beside()
    relative = (4 * 12 * month // 5 + 5000) // 10000
    return {
        "医疗个人负担": {
            5: draw.one_of("审批", (2000000, 5000000)) + near,
            6: draw.one_of("封顶", (20000000, 20006250, 19993750)) + near,
            7: 6250 + 12500 * draw.below("半百", 300) + near,
            13: relative * 12500 + near,
        },
        "城市低保平均标准": {8: draw.one_of("半百标准", _HALVES)},
        "致困支出总额": {
            4: 2400000 + near + pl.sum_horizontal(_RETURNS),
            9: draw.one_of("一万", (6666666, 6666667, 6666663, 6666664)),
            10: 2400010 + 20 * draw.below("半分", 200000) + near,
            11: 80 * month + near,
            12: 20 * relative * 10000 // 3 + near,
        },
        "核定生活救助": {14: 12 * month + near, 15: 8 * month + near},
        "核定医疗救助": {16: pl.col("医疗个人负担") + near},
        "年内已获医疗救助": {17: pl.col("医疗个人负担") + near},
    }


def _case(name: str, kinds: dict[int, pl.Expr]) -> pl.Expr:
    found = pl.col(name)
    for kind, value in kinds.items():
        found = pl.when(pl.col("类") == kind).then(value).otherwise(found)
    return found


def _left(draw: _Draw) -> pl.Expr:
    """What is left of the income: on a line of income, or well inside a category."""
    living, burden = 12 * pl.col("城市低保平均标准"), pl.col("医疗个人负担")
    year, near = 12 * pl.col("家庭人口") * pl.col("当地低保月标准"), draw.beside()
    share = draw.below("份额", 1000)
    deep, relative, outside = year * share // 1000 - 1, year + year * share // 1001, 2 * year + year * share // 500
    by_kind = {
        0: year + near,
        1: 2 * year + near + pl.col("必要就业成本"),
        2: year - living + near,
        3: year - living - burden + near,
        **dict.fromkeys((5, 11, 14, 16, 17), deep),
        **dict.fromkeys((6, 7, 8, 12, 13, 15), relative),
        **dict.fromkeys((4, 9, 10), outside),
    }
    found = 5 * year * share // 2000
    for kind, value in by_kind.items():
        found = pl.when(pl.col("类") == kind).then(value).otherwise(found)
    return found


def _balanced(draw: _Draw) -> list[pl.Expr]:
    """The income that leaves `收入余额`; where it would be below 0, an expense grows instead."""
    income = pl.col("收入余额") + pl.sum_horizontal(_EXPENSES) - pl.sum_horizontal(_PRIOR)
    return [
        income.clip(lower_bound=0).alias("家庭年收入"),
        (pl.col("因残支出") - income.clip(upper_bound=0)).alias("因残支出"),
        (~draw.one_in("未建档", 7)).alias("已建档"),
        (~draw.one_in("身份证有误", 10)).alias("身份证号·有效"),
        pl.when(draw.one_in("无日", 4))
        .then(pl.lit(_TODAY))
        .otherwise(pl.date(2023, 7, 1) + pl.duration(days=draw.below("日", _DAYS)))
        .alias("核算日期"),
        pl.lit("阜阳").alias("城市"),
        _text(draw.below("县区", 8), ("颍州", "颍东", "颍泉", "临泉", "太和", "阜南", "颍上", "界首")).alias("县区"),
    ]


def _text(at: pl.Expr, values: Sequence[str]) -> pl.Expr:
    return at.replace_strict(list(range(len(values))), list(values), return_dtype=pl.String)


def _given(draw: _Draw) -> list[pl.Expr]:
    """Which facts the household brought: a form leaves some amounts of 0 blank, and there are eight forms.

    A standard that is blank is the one of the table, a day that is blank the day of the run.
    """
    form = draw.below("表", 8)
    found = [
        ((pl.col(name) != 0) | ((form + number) % 3 == 0)).alias(f"{name}·已填")
        for number, name in enumerate(_MAY_BE_BLANK)
    ]
    found.append((pl.col("已建档") | (form % 2 == 0)).alias("已建档·已填"))
    found += [pl.lit(True).alias(f"{name}·已填") for name in ("身份证号", "城市", "县区")]
    found += [pl.lit(False).alias(f"身份证号·{fault}") for fault in ("位数不对", "字符不对", "日期不对")]
    found.append((~pl.col("身份证号·有效")).alias("身份证号·校验码不对"))
    found.append((pl.col("当地低保月标准") != 73800).alias("当地低保月标准·已填"))
    found.append((pl.col("城市低保平均标准") != 74700).alias("城市低保平均标准·已填"))
    found.append((pl.col("核算日期") != _TODAY).alias("核算日期·已填"))
    found.append((pl.col("核算日期") <= pl.date(2023, 12, 31)).alias("核算日期·施行期内"))
    return found


def _identified(draw: _Draw) -> list[pl.Expr]:
    """A made-up ID number with region 99 for each row, none twice; the check character is wrong where it is not valid."""
    number = pl.col(_ROW).cast(pl.Int64)
    birth = pl.date(1940, 1, 1) + pl.duration(days=number // 10_000_000)
    day = birth.dt.year().cast(pl.Int64) * 10000 + birth.dt.month().cast(pl.Int64) * 100 + birth.dt.day()
    digits = (990000 + number // 1000 % 10000) * 10**11 + day * 1000 + number % 1000
    total = pl.sum_horizontal(*[digits // 10 ** (16 - place) % 10 * (2 ** (17 - place) % 11) for place in range(17)])
    wrong = pl.when(pl.col("身份证号·有效")).then(pl.lit(0, pl.Int64)).otherwise(1 + draw.below("校验", 10))
    check = _text((total + wrong) % 11, tuple("10X98765432"))
    return [(digits.cast(pl.String) + check).alias("身份证号")]


if __name__ == "__main__":
    households(int(sys.argv[1])).write_parquet(Path(sys.argv[2]))
