"""Rows of a table of households as people write them, plain and unusual, for the scheme of 2023."""

import datetime
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

from households_2023 import households

import engine
from engine import Policy
from engine.messages import plain

__all__ = ["COLUMNS", "KINDS", "cell_of", "ordinary", "scheme", "spoilt", "table"]

ROOT = Path(__file__).parent.parent


@cache
def scheme() -> Policy:
    """The policy of 2023."""
    return engine.load(ROOT / "policies" / "2023")


COLUMNS = ("编号", *(fact.name for fact in scheme().facts), "备注")


def table(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", header: Sequence[str] = COLUMNS) -> Path:
    """A CSV file of rows whose cells are written as they are given."""
    lines = [",".join(header), *(",".join(row) for row in rows)]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return path


@cache
def ordinary(count: int, seed: int = 7) -> tuple[tuple[str, ...], ...]:
    """Rows of `COLUMNS` without a mistake of spelling."""
    found = []
    for at, household in enumerate(households(seed, count)):
        cells = {"编号": f"户{at}", **{name: cell_of(value) for name, value in household.items()}}
        found.append(tuple(cells.get(name, "") for name in COLUMNS))
    return tuple(found)


def cell_of(value: object) -> str:
    """A value as somebody writes it into a cell."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or isinstance(value, (str, datetime.date)):
        return str(value or "")
    return plain(value)  # type: ignore[arg-type]


def spoilt(cells: dict[str, str], kind: int, random: Random) -> str:
    """The line of a row with a mistake, or with an unusual spelling that is none."""
    amount = random.choice(["家庭年收入", "因病支出", "医疗个人负担"])
    changes = {
        0: {amount: "约2万"},
        1: {amount: "-5"},
        2: {amount: "3200.505"},
        3: {amount: '"12,345.60"'},
        4: {amount: "１２３４"},
        5: {amount: " 77 "},
        6: {amount: "007"},
        7: {amount: "1e5"},
        8: {"家庭人口": ""},
        9: {"家庭人口": "31"},
        10: {"核算日期": "2023/8/5"},
        11: {"核算日期": "2023-02-30"},
        12: {"已建档": random.choice(["√", "yes", "大概"])},
        13: {"身份证号": "990101190001010001"},
        14: {"身份证号": "12345"},
        15: {"县区": "没有的县", "当地低保月标准": ""},
        16: {"备注": random.choice(['"说 ""好"", 真好"', "=1+1", "\u3000＝A1", "'x", "-3.5", "@me", "+86 1"])},
        17: {"备注": '"两\n行"'},
        18: {"备注": '半个"引号'},
        19: {"备注": "a\0b"},
        20: {"备注": "多,一格"},
        21: {"备注": "cr\rcr"},
        22: {"备注": '"没关上'},
        23: dict.fromkeys(COLUMNS, ""),
        24: dict.fromkeys(COLUMNS, " "),
        25: {"备注": "\x01"},
        26: {"城市": "\ufeff阜阳", "备注": "\ufeff"},
        27: {amount: "0.10"},
        28: {amount: "100000000.01"},
        29: {amount: "1" * 40},
    }
    return ",".join({**cells, **changes[kind]}.values())


KINDS = range(30)
"""The kinds of unusual rows."""
