"""The 2023 scheme in SQL for DuckDB, in whole 分, from a table in memory to a table in memory, or from file to file.

DuckDB is not among the packages of this project: `pip install duckdb` where `--beside sql` is to be measured.

    python -m benchmarks.in_sql households.csv decided.parquet
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from benchmarks.hand_written import COLUMNS, FACTS

__all__ = ["Table", "main"]

_COUNTS = ("家庭人口", "在学子女数")
_NEVER_BLANK = ("家庭人口", "家庭年收入", "当地低保月标准", "城市低保平均标准")

_PRIOR = "年内已获生活救助 + 年内已获医疗救助 + 年内已获助学救助 + 年内已获意外救助"
_STEPS = (
    {
        "已获": _PRIOR,
        "年线": "家庭人口 * 当地低保月标准 * 12",
        "余地": f"家庭人口 * 当地低保月标准 * 12 - 家庭年收入 - ({_PRIOR}) + 因病支出 + 因残支出 + 子女上学支出",
        "意外": "致困支出总额 - 赔偿补偿 - 保险支付 - 社会救助 - 社会帮扶 >= 2400000",
        "深生活": "greatest(城市低保平均标准 * 12 - 年内已获生活救助, 0)",
        "深生活下限": "greatest(城市低保平均标准 * 8 - 年内已获生活救助, 0)",
        "深医疗": "greatest(医疗个人负担 - 年内已获医疗救助, 0)",
        "深助学": "greatest(城市低保平均标准 * 10 * 在学子女数 - 年内已获助学救助, 0)",
        "相生活": "(城市低保平均标准 * 6 + 3125) // 6250 * 10000",
        "相生活下限": "(城市低保平均标准 * 4 + 3125) // 6250 * 10000",
        "相医疗": "least((医疗个人负担 + 6250) // 12500 * 10000, 医疗个人负担, 16000000)",
        "相助学": "(城市低保平均标准 + 625) // 1250 * 10000 * 在学子女数",
        "意外上限": "greatest(least((致困支出总额 * 3 + 10) // 20, 1000000) - 年内已获意外救助, 0)",
    },
    {
        "深度": "余地 > 0",
        "相对": "余地 > -(年线 + 必要就业成本)",
        "深生活选": "CASE WHEN 核定生活救助·已填 THEN least(核定生活救助, 深生活) ELSE 深生活 END",
        "深医疗拟": "CASE WHEN 核定医疗救助·已填 THEN least(核定医疗救助, 深医疗) ELSE 深医疗 END",
        "深助学拟": "CASE WHEN 核定助学救助·已填 THEN least(核定助学救助, 深助学) ELSE 深助学 END",
        "相生活选": "CASE WHEN 核定生活救助·已填 THEN least(核定生活救助, 相生活) ELSE 相生活 END",
        "相医疗拟": "CASE WHEN 核定医疗救助·已填 THEN least(核定医疗救助, 相医疗) ELSE 相医疗 END",
        "相助学拟": "CASE WHEN 核定助学救助·已填 THEN least(核定助学救助, 相助学) ELSE 相助学 END",
        "意外拟": "CASE WHEN 核定意外救助·已填 THEN least(核定意外救助, 意外上限) ELSE 意外上限 END",
        "上限两项": "深生活 + CASE WHEN 余地 > 深生活 THEN 深医疗 ELSE 0 END",
        "选生": "核定生活救助·已填 AND 核定生活救助 > 0",
        "选医": "核定医疗救助·已填 AND 核定医疗救助 > 0",
        "选学": "核定助学救助·已填 AND 核定助学救助 > 0",
    },
    {
        "深生活拟": "CASE WHEN 深生活选 > 0 THEN greatest(深生活选, 深生活下限) ELSE 0 END",
        "相生活拟": "CASE WHEN 相生活选 > 0 THEN greatest(相生活选, 相生活下限) ELSE 0 END",
        "深总": "CASE WHEN 深度 THEN 上限两项 + CASE WHEN 余地 > 上限两项 THEN 深助学 ELSE 0 END ELSE 0 END",
        "相总": "CASE WHEN 相对 AND 已获 = 0 THEN greatest(相生活, 相医疗, 相助学) ELSE 0 END",
        "意总": "CASE WHEN 意外 THEN 意外上限 ELSE 0 END",
        "有选": "选生 OR 选医 OR 选学",
    },
    {
        "选深": "深度 AND 深总 >= 相总 AND 深总 >= 意总",
        "深两项": "深生活拟 + CASE WHEN 余地 > 深生活拟 THEN 深医疗拟 ELSE 0 END",
        "相最高": "greatest(相生活拟, 相医疗拟, 相助学拟)",
    },
    {
        "选相": "相对 AND NOT 选深 AND 相总 >= 意总",
        "给生": "CASE WHEN 有选 THEN 选生 ELSE 相生活拟 = 相最高 END",
        "给医": "CASE WHEN 有选 THEN 选医 ELSE 相医疗拟 = 相最高 AND 相生活拟 < 相最高 END",
        "给学": "CASE WHEN 有选 THEN 选学 ELSE 相生活拟 < 相最高 AND 相医疗拟 < 相最高 END",
    },
    {
        "困难类别": "CASE WHEN 选深 THEN '深度困难职工' WHEN 选相 THEN '相对困难职工' WHEN 意外 THEN '意外致困职工' ELSE '' END",
        "生活救助": "CASE WHEN 选深 THEN 深生活拟 WHEN 选相 AND 已获 = 0 AND 给生 THEN 相生活拟 ELSE 0 END",
        "医疗救助": "CASE WHEN 选深 THEN 深两项 - 深生活拟 WHEN 选相 AND 已获 = 0 AND 给医 THEN 相医疗拟 ELSE 0 END",
        "助学救助": "CASE WHEN 选深 THEN CASE WHEN 余地 > 深两项 THEN 深助学拟 ELSE 0 END "
        "WHEN 选相 AND 已获 = 0 AND 给学 THEN 相助学拟 ELSE 0 END",
        "意外救助": "CASE WHEN 意外 AND NOT 选深 AND NOT 选相 THEN 意外拟 ELSE 0 END",
    },
    {
        "合计": "生活救助 + 医疗救助 + 助学救助 + 意外救助",
        "审批": "CASE WHEN NOT 选深 THEN '' WHEN 医疗救助 >= 5000000 THEN '全国总工会' "
        "WHEN 医疗救助 >= 2000000 THEN '省总工会' ELSE '' END",
    },
)


class Table:
    """Households in a table in memory."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._database = duckdb.connect(config={"threads": pl.thread_pool_size()})
        with TemporaryDirectory() as folder:
            path = Path(folder) / "households.parquet"
            frame.write_parquet(path)
            self._database.execute(f"CREATE TABLE households AS SELECT * FROM '{path}'")

    def decide(self) -> None:
        """Put `COLUMNS` for each household into a table, in no certain order."""
        query = _decided("SELECT *, rowid AS 行 FROM households")
        self._database.execute(f"CREATE OR REPLACE TABLE decided AS SELECT 行, {', '.join(COLUMNS)} FROM ({query})")

    def decided(self) -> pl.DataFrame:
        """What was decided, in the order of the households."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "decided.parquet"
            self._database.execute(f"COPY (SELECT {', '.join(COLUMNS)} FROM decided ORDER BY 行) TO '{path}'")
            return pl.read_parquet(path)


def main(source: Path, target: Path) -> None:
    """Decide every household of `source` into `target`: only the columns needed are read, and the seven are written."""
    read = f"read_parquet('{source}')" if source.suffix == ".parquet" else f"read_csv('{source}', all_varchar = true)"
    facts = ", ".join(f'{_fact(name)} AS "{name}"' for name in FACTS)
    query = _decided(f"SELECT {facts} FROM {read}")
    duckdb.execute(f"COPY (SELECT {', '.join(COLUMNS)} FROM ({query})) TO '{target}'")


def _fact(name: str) -> str:
    """A fact out of a file, money in whole 分; what a form may leave blank is 0."""
    fact, _, is_filled = name.partition("·")
    if is_filled:
        return f"{fact} IS NOT NULL"
    number = f"CAST({name} AS BIGINT)" if name in _COUNTS else f"CAST(100 * CAST({name} AS DECIMAL(12, 2)) AS BIGINT)"
    return number if name in _NEVER_BLANK else f"coalesce({number}, 0)"


def _decided(query: str) -> str:
    """The households of `query` with every step of the scheme."""
    for step in _STEPS:
        query = f"SELECT *, {', '.join(f'{_quoted(made)} AS {name}' for name, made in step.items())} FROM ({query})"
    return query


def _quoted(expression: str) -> str:
    """Names with a dot between, as SQL wants them."""
    return expression if "·" not in expression else " ".join(f'"{w}"' if "·" in w else w for w in expression.split(" "))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
