"""The households of a whole country decided on a Spark cluster, to the same values as `bangfu evaluate` gives on one machine.

    spark-submit examples/spark.py ARCHIVE… --year 2023 --output ANSWERS

ARCHIVE is CSV (UTF-8, a record a line) or Parquet: files, folders or patterns that every worker can read. ANSWERS becomes
a folder of Parquet with two in it: in `answer=decided` rows have the columns of the archive and those of the decision, amounts
as decimals; in `answer=rejected` they have the reasons why they cannot be decided. `source_file` and `source_row` say which
row it is, and put them in order. The whole is there once it holds `_SUCCESS`.

The policy is loaded and checked once, here, and travels pickled inside the function that Spark ships: no worker needs its
folder, all decide by the same text even while somebody edits it, and so do they by the same day where a row names none.
What must be unique is compared first, over all files: the values that stand in several rows travel the same way.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

import pyarrow
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

import engine

FILE, ROW = "source_file", "source_row"
Batches = Iterable[pyarrow.RecordBatch]
Decider = Callable[[Batches], Iterator[pyarrow.RecordBatch]]

_NO_RECORD = {
    "en": "The line is no record by itself: it has not %s cells, a quote is not closed, or it is not UTF-8.",
    "zh_CN": "这一行不是一条完整的记录：单元格不是%s个，引号没有成对，或者不是UTF-8编码。",
}
_CELL = r'(?:[^",\x00]++|"(?:[^"\x00]++|"")*+")?+'
_JAVA = "Spark needs Java 17 or 21, and none is here: install one (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME."


class Refused(Exception):
    """Files that cannot be read as one table."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Decide an archive; 0 where that is done, whether or not rows were set aside."""
    asked = _parser().parse_args(arguments)
    if "PYSPARK_GATEWAY_PORT" not in os.environ and not _has_java():
        print(_JAVA, file=sys.stderr)
        return 2
    language = engine.choose_language(asked.lang)
    try:
        policy = engine.load(engine.find_year(engine.find_policies(asked.policies), asked.year))
        language = engine.choose_language(asked.lang, policy.language)
        print(f"{policy.label}, fingerprint {policy.fingerprint}", flush=True)
        run(policy, asked.archive, asked.output, _format(asked.archive, asked.format), language)
    except (engine.PolicyError, engine.HouseholdError, engine.TableError) as error:
        print(*[problem.text(language) for problem in error.problems], sep="\n", file=sys.stderr)
        return 1
    except (Refused, AnalysisException) as refused:  # Spark's own says that there is no such file, or an output already
        print(refused, file=sys.stderr)
        return 1
    return 0


def run(policy: engine.Policy, archive: Sequence[str], output: str, format: str, language: str) -> None:
    """Decide every row of `archive`, write what comes of it, and say how many rows and how much money that is."""
    spark = session()
    rows, broken = (csv_rows if format == "csv" else parquet_rows)(spark, archive)
    schema = answer_schema(policy, rows)
    reason = schema.names[-1]
    told = F.concat(FILE, F.lit(":"), ROW, F.lit(f": {_NO_RECORD[language] % (len(rows.columns) - 2)} "), "value")
    answers = rows.mapInArrow(decider(policy, repeated(policy, rows), language), schema)
    answers = answers.unionByName(broken.select(FILE, ROW, told.alias(reason)), allowMissingColumns=True)
    which = F.when(_named(reason).isNull(), "decided").otherwise("rejected")
    answers.withColumn("answer", which).write.partitionBy("answer").parquet(output)
    report(spark, policy, output)


def session() -> SparkSession:
    """The session: a task has one core, and polars no use for more threads; a task writes two files without sorting rows."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.executorEnv.POLARS_MAX_THREADS": "1",
        "spark.sql.caseSensitive": "true",
        "spark.sql.maxConcurrentOutputFileWriters": "2",
    }
    return SparkSession.builder.appName("bangfu").config(map=settings).getOrCreate()


def csv_rows(spark: SparkSession, paths: Sequence[str]) -> tuple[DataFrame, DataFrame]:
    """The records of CSV files as texts, null where nothing stands; beside them the lines that are none by themselves.

    Spark's own reader of CSV fills a short line up and cuts a long one; here such a line is set aside.

    Raises: Refused where the files do not have the same headings.
    """
    lines = numbered(spark, spark.read.text(list(paths)))
    headings = _headings(lines)
    names = [f"c{at}" for at in range(len(headings))]
    schema = ", ".join(f"{name} string" for name in names)
    options = {"escape": '"', "maxColumns": str(len(names))}
    said = lines.filter((F.col(ROW) > 1) & ~F.col("value").rlike(r"^[\s,]*$"))
    is_whole = F.is_valid_utf8("value") & F.col("value").rlike(f"^{_CELL}(?:,{_CELL}){{{len(names) - 1}}}$")
    whole = said.filter(is_whole).withColumn("cells", F.from_csv("value", F.lit(schema), options))
    cells = [F.col("cells")[name].alias(heading) for name, heading in zip(names, headings, strict=True)]
    return whole.select(FILE, ROW, *cells), said.filter(~is_whole).select(FILE, ROW, "value")


def numbered(spark: SparkSession, lines: DataFrame) -> DataFrame:
    """`lines` with the file of each, and its number there: Spark gives a block of a file to one task, in order."""
    block = F.col("_metadata.file_block_start").alias("block")
    found = lines.select(_file(), block, F.monotonically_increasing_id().alias("id"), "value")
    blocks = found.groupBy(FILE, "block").agg(F.min("id").alias("first"), F.count("id").alias("count"))
    before = F.sum("count").over(Window.partitionBy(FILE).orderBy("block")) - F.col("count")
    counted = blocks.select(FILE, "block", (before - F.col("first")).alias("before"))
    once = spark.createDataFrame(counted.collect(), counted.schema)
    number = (F.col("id") + F.col("before") + 1).alias(ROW)
    return found.join(F.broadcast(once), [FILE, "block"]).select(FILE, number, "value")


def _headings(lines: DataFrame) -> list[str]:
    found = [
        row["value"].lstrip("\ufeff") for row in lines.filter(F.col(ROW) == 1).select("value").distinct().collect()
    ]
    headings = next(csv.reader(found), [])
    if len(found) != 1 or "\ufffd" in found[0] or not all(heading.strip() for heading in headings or [""]):
        raise Refused(
            "Expected: UTF-8 with the same headings in the first line of every file. Found: " + " / ".join(found)
        )
    return headings


def parquet_rows(spark: SparkSession, paths: Sequence[str]) -> tuple[DataFrame, DataFrame]:
    """The rows of Parquet files; beside them no line that is none.

    Raises: Refused where the files do not have the same columns: Spark would take what one of them lacks for blank.
    """
    found = spark.read.parquet(*paths)
    for file in found.inputFiles():
        if spark.read.parquet(unquote(file)).schema != found.schema:
            raise Refused(f"{file} has other columns than the files beside it, or columns of another type.")
    row = (F.col("_metadata.row_index") + 1).alias(ROW)
    rows = found.select(_file(), row, "*")
    return rows, spark.createDataFrame([], f"{FILE} string, {ROW} bigint, value string")


def answer_schema(policy: engine.Policy, rows: DataFrame) -> StructType:
    """The columns of the answers for `rows`, the reasons last.

    Raises: HouseholdError or TableError where a column is wrong; PolicyError where the policy cannot be decided so.
    """
    answer = next(engine.evaluate_batches(policy, [_no_rows(rows)], places=(FILE, ROW)))
    return rows.sparkSession.createDataFrame(answer.schema.empty_table()).schema


def _no_rows(rows: DataFrame) -> pyarrow.RecordBatch:
    return pyarrow.RecordBatch.from_pylist([], schema=rows.limit(0).toArrow().schema)


def repeated(policy: engine.Policy, rows: DataFrame) -> dict[str, dict[str, int]]:
    """For each column that must be unique: the values that stand in several rows of the archive, with their number."""

    def values(batches: Batches) -> Iterator[pyarrow.RecordBatch]:
        return engine.unique_values(policy, batches)

    found = {}
    for column in next(values([_no_rows(rows)])).schema.names:
        key = _named(column)
        keys = rows.select(key).mapInArrow(values, StructType([StructField(column, StringType())]))
        again = keys.filter(key.isNotNull()).groupBy(key).agg(F.count(key)).filter(F.count(key) > 1)
        found[column] = dict(again.collect())
    return found


def decider(policy: engine.Policy, again: dict[str, dict[str, int]], language: str) -> Decider:
    """What decides the rows of a task, batch by batch; it travels with all that it needs."""
    today, version = datetime.date.today(), engine.__version__

    def decide(batches: Batches) -> Iterator[pyarrow.RecordBatch]:
        if engine.__version__ != version:
            raise RuntimeError(f"bangfu {version} asks, and a worker has {engine.__version__}.")
        return engine.evaluate_batches(
            policy, batches, repeated=again, places=(FILE, ROW), today=today, language=language
        )

    return decide


def report(spark: SparkSession, policy: engine.Policy, output: str) -> None:
    """Say how many rows stand in `output`, and how much money."""
    total = policy.output("total")
    amount = F.lit(None) if total is None else F.sum(_named(total.heading))
    counts = spark.read.parquet(output).groupBy("answer").agg(F.count("*"), amount).sort("answer")
    for answer, rows, money in counts.collect():
        print(f"{rows} rows {answer}", *([] if money is None else [f"({money})"]), f"in {output}")


def _file() -> Column:
    """The path of a row's file; Spark gives it as in an address, a blank as %20."""
    return F.url_decode(F.replace(F.col("_metadata.file_path"), F.lit("+"), F.lit("%2B"))).alias(FILE)


def _named(column: str) -> Column:
    return F.col("`" + column.replace("`", "``") + "`")


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=os.path.join(home, "bin") if home else None) is not None


def _format(archive: Sequence[str], asked: str | None) -> str:
    """What the files of `archive` are: what was `asked` for, else what they all end in.

    Raises: Refused where they end in neither, or not all in the same.
    """
    endings = {file.rstrip("/").rsplit(".", 1)[-1].lower() for file in archive}
    if asked is None and endings not in ({"csv"}, {"parquet"}):
        raise Refused("Say with --format what the files are: csv or parquet.")
    return asked or endings.pop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", nargs="+", help="CSV or Parquet: files, folders, patterns")
    parser.add_argument("--year", required=True, help="the year whose policy decides: a folder in --policies")
    parser.add_argument("--policies", type=Path, help="the folder of policies; as for bangfu evaluate")
    parser.add_argument("--output", "-o", required=True, help="a new folder for the answers")
    parser.add_argument("--format", choices=("csv", "parquet"), help="by default what the files end in")
    parser.add_argument("--lang", choices=tuple(_NO_RECORD), help="the language of the reasons")
    return parser


if __name__ == "__main__":
    sys.exit(main())
