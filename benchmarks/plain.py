"""The 2023 scheme in plain Python, household by household, in whole 分: what a script would do."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from benchmarks.hand_written import COLUMNS, FACTS

__all__ = ["decide"]

_AIDS = ("生活救助", "医疗救助", "助学救助")

Row = Mapping[str, int]


def decide(frame: pl.DataFrame) -> pl.DataFrame:
    """`COLUMNS` for each row of `frame`, in its order."""
    return pl.DataFrame(
        [_decided(row) for row in frame.select(FACTS).iter_rows(named=True)], list(COLUMNS), orient="row"
    )


def _decided(row: Row) -> tuple[object, ...]:
    already = sum(row[f"年内已获{aid}"] for aid in (*_AIDS, "意外救助"))
    line = row["家庭人口"] * row["当地低保月标准"] * 12
    room = line - row["家庭年收入"] - already + row["因病支出"] + row["因残支出"] + row["子女上学支出"]
    loss = row["致困支出总额"] - row["赔偿补偿"] - row["保险支付"] - row["社会救助"] - row["社会帮扶"]
    deep, relative, accident = _deep(row), _relative(row), _accident(row)
    totals = [
        _several(room, deep) if room > 0 else None,
        (0 if already else max(ceiling for _, ceiling in relative)) if room > -(line + row["必要就业成本"]) else None,
        accident if loss >= 2400000 else None,
    ]
    best = max((total for total in totals if total is not None), default=None)
    chosen = next((index for index, total in enumerate(totals) if total is not None and total == best), 3)
    given = [0, 0, 0, 0]
    if chosen == 0:
        given[:3] = _given(room, row, deep)
    elif chosen == 1 and not already:
        given[:3] = _one(row, relative)
    elif chosen == 2:
        given[3] = _wanted(row, "意外救助", 0, accident)
    category = ("深度困难职工", "相对困难职工", "意外致困职工", "")[chosen]
    approval = "全国总工会" if given[1] >= 5000000 else "省总工会" if given[1] >= 2000000 else ""
    return category, *given, sum(given), approval if chosen == 0 else ""


def _deep(row: Row) -> list[tuple[int, int]]:
    """Floor and ceiling of each aid in the first category."""
    month = row["城市低保平均标准"]
    living, medical, schooling = (row[f"年内已获{aid}"] for aid in _AIDS)
    return [
        (max(month * 8 - living, 0), max(month * 12 - living, 0)),
        (0, max(row["医疗个人负担"] - medical, 0)),
        (0, max(month * 10 * row["在学子女数"] - schooling, 0)),
    ]


def _relative(row: Row) -> list[tuple[int, int]]:
    """The same in the second: 80% to the hundred."""
    month, burden = row["城市低保平均标准"], row["医疗个人负担"]
    return [
        ((month * 4 + 3125) // 6250 * 10000, (month * 6 + 3125) // 6250 * 10000),
        (0, min((burden + 6250) // 12500 * 10000, burden, 16000000)),
        (0, (month + 625) // 1250 * 10000 * row["在学子女数"]),
    ]


def _accident(row: Row) -> int:
    return max(min((row["致困支出总额"] * 3 + 10) // 20, 1000000) - row["年内已获意外救助"], 0)


def _several(room: int, ranges: list[tuple[int, int]]) -> int:
    total = 0
    for index, (_, ceiling) in enumerate(ranges):
        if index == 0 or room > total:
            total += ceiling
    return total


def _given(room: int, row: Row, ranges: list[tuple[int, int]]) -> list[int]:
    found: list[int] = []
    for index, (aid, (floor, ceiling)) in enumerate(zip(_AIDS, ranges, strict=True)):
        may_be = index == 0 or room > sum(found)
        found.append(_wanted(row, aid, floor, ceiling) if may_be else 0)
    return found


def _wanted(row: Row, aid: str, floor: int, ceiling: int) -> int:
    """The choice within its range, 0 where it is 0; without a choice the ceiling."""
    amount = min(row[f"核定{aid}"], ceiling) if row[f"核定{aid}·已填"] else ceiling
    return max(amount, floor) if amount else 0


def _one(row: Row, ranges: list[tuple[int, int]]) -> list[int]:
    wanted = [_wanted(row, aid, *range_) for aid, range_ in zip(_AIDS, ranges, strict=True)]
    recorded = [bool(row[f"核定{aid}·已填"]) and row[f"核定{aid}"] > 0 for aid in _AIDS]
    if any(recorded):
        return [amount if is_it else 0 for amount, is_it in zip(wanted, recorded, strict=True)]
    at = wanted.index(max(wanted))
    return [amount if index == at else 0 for index, amount in enumerate(wanted)]
