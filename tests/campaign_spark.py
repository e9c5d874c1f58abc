"""The Spark example beside a run on one machine: the same rows by value, decided and set aside, in the order of the input.

    python tests/campaign_spark.py --count 5000 --seed 1

runs `examples/spark.py` on two local cores over the example households and over made-up ones with mistakes, some with the
ID number of another far away in the file, as CSV and as Parquet, under two policies. It prints a line for each table, and
exits 1 where a row differs; the first differences are shown.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow
from pyarrow import parquet
from rows_2023 import COLUMNS, KINDS, ROOT, ordinary, spoilt

import engine

__all__ = ["main"]

EXAMPLE = ROOT / "examples" / "spark.py"
SISTER = ("examples/policies", "anhui-sister-2023")
OF_2023 = ("policies", "2023")

_SPLIT = 100_000
"""Bytes of a file that one task reads: a few hundred rows."""
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.sql.files.maxPartitionBytes": _SPLIT,
    "spark.sql.files.openCostInBytes": 0,
    "spark.sql.execution.arrow.maxRecordsPerBatch": 100,
}
_TWO_LINES = (17, 21)
"""The kinds with a line break in a cell, which Spark takes for two records."""
_SHOWN = 5

Row = dict[str, object]


@dataclass(frozen=True)
class Came:
    """What a run came to: the rows decided and those set aside, in order, without and with their reasons."""

    decided: list[Row]
    rejected: list[Row]


def made_up(count: int, seed: int) -> Iterator[str]:
    """The lines of a table: every sixth row unusual, every thirtieth with the ID number of one half a table before."""
    random, rows = Random(seed), ordinary(count, seed)
    kinds = [kind for kind in KINDS if kind not in _TWO_LINES]
    yield ",".join(COLUMNS)
    for at, row in enumerate(rows):
        cells = dict(zip(COLUMNS, row, strict=True))
        if at >= count // 2 and at % 30 == 0:
            cells["身份证号"] = dict(zip(COLUMNS, rows[at - count // 2], strict=True))["身份证号"]
        yield spoilt(cells, random.choice(kinds), random) if at % 6 == 1 else ",".join(cells.values())


def spark(arguments: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    """The example, run as anybody would run it, with two local cores."""
    settings = " ".join(f"--conf {name}={value}" for name, value in _SETTINGS.items())
    asked = {"PYSPARK_SUBMIT_ARGS": f"--master local[2] {settings} pyspark-shell", "PYTHONUTF8": "1", **more}
    command = [sys.executable, str(EXAMPLE), *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **asked}, capture_output=True, encoding="utf-8")


def by_spark(table: Path, policies: str, year: str, output: Path) -> Came:
    """What the example gives."""
    names = ["--policies", policies, "--year", year, "--output", str(output), "--lang", "zh_CN"]
    done = spark([str(table), *names])
    if done.returncode:
        raise SystemExit(f"{table}: the example ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return Came(*(_in_order(output / f"answer={answer}", table) for answer in ("decided", "rejected")))


def _in_order(answers: Path, table: Path) -> list[Row]:
    rows = parquet.read_table(answers, partitioning=None).sort_by("source_row").to_pylist() if answers.exists() else []
    for row in rows:
        assert str(row["source_file"]).endswith(table.name)
    return rows


def on_one_machine(table: Path, policies: str, year: str, folder: Path) -> Came:
    """What `bangfu evaluate` gives."""
    policy = engine.load(engine.find_year(ROOT / policies, year))
    good, bad = folder / "good.parquet", folder / "bad.parquet"
    engine.evaluate(policy, table, good, rejects=bad, language="zh_CN")
    return Came(*(parquet.read_table(path).to_pylist() for path in (good, bad)))


def differences(table: Path, one: Came, other: Came) -> Iterator[str]:
    """Where the rows of Spark's run differ from those of `one` machine."""
    for name, here, there in (("decided", one.decided, other.decided), ("set aside", one.rejected, other.rejected)):
        if len(here) != len(there):
            yield f"{len(here)} rows {name} here, {len(there)} by Spark"
        for mine, row in zip(here, there, strict=False):
            theirs = {key: value for key, value in row.items() if key in mine}
            place = f"{row['source_file']}:{row['source_row']}:"
            reason = theirs.get("问题")
            if reason is not None:
                theirs["问题"] = str(reason).replace(str(row["source_file"]), str(table))
            if f"{place} 这一行不是一条完整的记录" in str(reason):
                mine, theirs = _places(mine), _places(theirs)
            yield from (
                f"{place}{key}: here {mine[key]!r}, by Spark {theirs.get(key)!r}"
                for key in mine
                if key not in theirs or mine[key] != theirs[key]
            )


def _places(row: Row) -> Row:
    """Of a row that is no record where it stands alone."""
    return {"问题": str(row["问题"]).split(": ", 1)[0]}


def far_apart(output: Path) -> int:
    """How many ID numbers that stand twice were found by two tasks; each task writes a file of its own."""
    tasks: dict[object, set[str]] = {}
    for part in sorted((output / "answer=rejected").glob("*.parquet")):
        for row in parquet.read_table(part, partitioning=None).to_pylist():
            if "出现在" in str(row["问题"]):
                tasks.setdefault(row["身份证号"], set()).add(part.name)
    return sum(len(found) > 1 for found in tasks.values())


def tables(folder: Path, count: int, seed: int) -> Iterator[tuple[Path, tuple[str, str], bool]]:
    """Each table with the folder of policies and the year, and whether rows of different tasks share an ID number."""
    yield ROOT / "examples" / "households-2023.csv", OF_2023, False
    yield ROOT / "examples" / "households-2023-with-mistakes.csv", OF_2023, False
    lines = list(made_up(count, seed))
    as_csv, as_parquet = folder / "made up.csv", folder / "made up.parquet"
    as_csv.write_text("".join(f"{line}\r\n" for line in lines), encoding="utf-8-sig", newline="")
    yield as_csv, OF_2023, True
    yield as_csv, SISTER, True
    columns = zip(*ordinary(count, seed), *ordinary(count // 2, seed), strict=True)
    cells = [[cell or None for cell in column] for column in columns]
    found = pyarrow.table(dict(zip(COLUMNS, cells, strict=True)))
    parquet.write_table(found, as_parquet, row_group_size=count // 8, compression="none", use_dictionary=False)
    yield as_parquet, OF_2023, True


def run(count: int, seed: int) -> list[str]:
    """Every difference, table by table."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bangfu-spark-") as place:
        for at, (table, (policies, year), is_far) in enumerate(tables(Path(place), count, seed)):
            folder = Path(place, str(at))
            folder.mkdir()
            output = folder / "answers"
            one, other = on_one_machine(table, policies, year, folder), by_spark(table, policies, year, output)
            found = list(differences(table, one, other))
            far = far_apart(output)
            print(
                f"{table.name}, {year}: {len(other.decided)} rows decided and {len(other.rejected)} set aside by Spark, "
                f"{len(found)} cells unlike those of one machine; {far} values stand in rows of different tasks",
                flush=True,
            )
            wrong += found + ([] if far or not is_far else ["no value stands in rows of different tasks"])
    return wrong


def without_java() -> list[str]:
    """What is wrong with what the example says where there is no Java."""
    done = spark(["x.csv", "--year", "2023", "--output", "x"], PATH="", JAVA_HOME="")
    return [] if done.returncode == 2 and "Spark needs Java 17" in done.stderr else [done.stdout + done.stderr]


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign, print its figures; 1 where the two differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    wrong = without_java() + run(asked.count, asked.seed)
    for text in wrong[:_SHOWN]:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
