"""From file to file: whole processes, the engine's beside what is written by hand, all in one run, each result read again.

    python -m benchmarks.files                     1 million households, and the small files
    python -m benchmarks.files --rows 10000000 --times 3 --beside sql

Contenders take turns; told are medians: seconds on the wall, the processors' seconds, the greatest memory, and how many
times the first line of its measure each is. Beside each stands in how many cells of all rows it is unlike what is written
by hand, decided in memory from the very facts of which the files were made, and unlike the exact algebra in a sample.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median_low

import polars as pl

from benchmarks import hand_written, inputs, workbook
from benchmarks.run import differing, exact_rows, unlike_exact
from engine import load
from engine.algebras.exact import Value
from engine.kernel import compile

__all__ = ["main"]

ROWS, SMALL, SAMPLE = 1_000_000, 1_500, 20_000
TIMES, TIMES_SMALL = 5, 11

_ROOT = Path(__file__).parent.parent
_PYTHON = sys.executable
_BANGFU = (_PYTHON, "-c", "import cli; cli.main()")
_YEAR = ("--year", "2023", "--today", inputs.TODAY)
_BARE = {
    "hand": ("by hand", ("benchmarks.file_to_file", "hand")),
    "kernel": ("engine, 7 columns", ("benchmarks.file_to_file", "kernel")),
    "sql": ("DuckDB, 7 columns", ("benchmarks.in_sql",)),
}
"""Programs that write the seven columns alone: what they are called, and their modules."""
_TEXTS = ("困难类别", "审批")
_AMOUNT = r"^[0-9]+(\.[0-9]{1,2})?$"
_NANO, _MIB = 10**9, 2**20


@dataclass(frozen=True)
class Right:
    """What is right for some rows: the seven columns by hand, and the exact decisions of the first of them."""

    columns: pl.DataFrame
    exact: Sequence[Mapping[str, Value]]

    def told(self, found: pl.DataFrame) -> str:
        """In how many cells `found` is unlike either."""
        sampled, all_ = (rows * self.columns.width for rows in (len(self.exact), self.columns.height))
        if found.height != self.columns.height:
            return f"{found.height:,} rows instead of {self.columns.height:,}"
        scales = {name: 1 if name in _TEXTS else 100 for name in found.columns}
        wrong = unlike_exact(found.head(len(self.exact)), self.exact, scales)
        unlike = differing(self.columns, found)
        return f"of {sampled:,} cells {wrong} wrong; of all {all_:,} {unlike} unlike by hand"


@dataclass(frozen=True)
class Program:
    """A command to be timed, what is told of the result that it left, and the code with which it ends."""

    name: str
    command: Sequence[str]
    told: Callable[[], str]
    code: int = 0


@dataclass(frozen=True)
class Took:
    """What a process took: nanoseconds on the wall and of the processors, and bytes of memory at its greatest."""

    wall: int
    cpu: int
    peak: int


# The runs ------------------------------------------------------------


def measure(title: str, programs: Sequence[Program], times: int, printed: Path) -> None:
    """Run each program `times` times, in turns, after one run that does not count; tell a line of each."""
    runs: list[list[Took]] = [[] for _ in programs]
    told: list[str] = []
    for number in range(times + 1):
        for program, found in zip(programs, runs, strict=True):
            took = timed(program, printed)
            if number:
                found.append(took)
            else:
                told.append(program.told())
    medians = [_median(found) for found in runs]
    for program, took, result in zip(programs, medians, told, strict=True):
        print(f"{title:<35} {program.name:<32} {_line(took, medians[0])}; {result}", flush=True)


def timed(program: Program, printed: Path) -> Took:
    """What one run of `program` took; what it prints goes to the file `printed`.

    Raises: RuntimeError where it ends with another code than it should.
    """
    launcher = [_PYTHON, "-S", "-m", "benchmarks.process", str(printed), *program.command]
    ran = subprocess.run(launcher, cwd=_ROOT, check=True, capture_output=True, text=True)
    took = json.loads(ran.stdout)
    if took.pop("code") != program.code:
        raise RuntimeError(f"{program.name} did not end with {program.code}:\n{printed.read_text(encoding='utf-8')}")
    return Took(**took)


def _median(runs: Sequence[Took]) -> Took:
    return Took(*(median_low(part) for part in zip(*((one.wall, one.cpu, one.peak) for one in runs), strict=True)))


def _line(took: Took, first: Took) -> str:
    wall, cpu = (f"{Decimal(part) / _NANO:.2f}" for part in (took.wall, took.cpu))
    ratios = [f"{Decimal(one) / other:.2f}" for one, other in ((took.wall, first.wall), (took.cpu, first.cpu))]
    return f"{wall:>7} s, processors {cpu:>7} s, {took.peak // _MIB:>5} MiB, ratio {ratios[0]} (processors {ratios[1]})"


# What is right, and what was written ------------------------------------------------------------


def right(rows: int, sample: int) -> Right:
    """What is right for so many households."""
    blocks = [(first, min(inputs.BLOCK, rows - first)) for first in range(0, rows, inputs.BLOCK)]
    columns = pl.concat(hand_written.decide(inputs.facts(count, first)) for first, count in blocks)
    policy, facts = load(_ROOT / "policies" / "2023"), inputs.facts(min(sample, rows))
    scales = {name: typed.scale for name, typed in compile(policy, list(facts.columns)).facts.items()}
    exact = [{name: row[name] for name in columns.columns} for row in exact_rows(policy, facts, scales)]
    return Right(columns, exact)


def good(whole: Right) -> Right:
    """What is right for the rows that are left where one of a hundred is bad."""
    kept = pl.int_range(whole.columns.height, eager=True).to_frame("").select(~inputs.is_bad(pl.col(""))).to_series()
    exact = [row for row, is_kept in zip(whole.exact, kept, strict=False) if is_kept]
    return Right(whole.columns.filter(kept), exact)


def seven(path: Path, *, in_cents: bool = False) -> pl.DataFrame:
    """The seven columns in a file of results, amounts in whole 分; null where a cell is no amount in 元 (or 分)."""
    names = hand_written.COLUMNS
    if path.suffix == ".xlsx":
        (heading, *rows), *_ = workbook.values(path).values()
        texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
        found = pl.DataFrame(texts, [str(name) for name in heading], orient="row").lazy()
    elif path.suffix == ".parquet":
        found = pl.scan_parquet(path)
    else:
        found = pl.scan_csv(path, infer_schema=False)
    read = [
        pl.col(name).cast(pl.String).fill_null("") if name in _TEXTS else _cents(name, in_cents=in_cents)
        for name in names
    ]
    return found.select(read).collect(engine="streaming")


def _cents(name: str, *, in_cents: bool) -> pl.Expr:
    texts = pl.col(name).cast(pl.String)
    if in_cents:
        return texts.cast(pl.Int64)
    cents = texts.cast(pl.Decimal(18, 2), strict=False).to_physical().cast(pl.Int64)
    return pl.when(texts.str.contains(_AMOUNT)).then(cents).otherwise(None).alias(name)


# The measures ------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """A folder to work in, and which contenders run beside."""

    folder: Path
    beside: Sequence[str]

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name

    def bare(self, which: str, source: Path, target: str, result: Right) -> Program:
        """A program that writes the seven columns alone, in 分."""
        into = self.path(f"bare-{which}.{target}")
        name, program = _BARE[which]
        command = (_PYTHON, "-m", *program, str(source), str(into))
        return Program(name, command, lambda: result.told(seven(into, in_cents=True)))

    def evaluate(self, name: str, source: Path, target: str, result: Right, code: int = 0) -> Program:
        """`bangfu evaluate` with every check, every column of the input and every column of a decision."""
        into = self.path(f"evaluated-{source.stem}.{target}")
        command = (*_BANGFU, "evaluate", str(source), *_YEAR, "-o", str(into))
        return Program(name, command, lambda: result.told(seven(into)), code)

    def run(self, title: str, programs: Sequence[Program], times: int) -> None:
        """Tell a measure, and remove what was written."""
        measure(title, programs, times, self.path("printed"))
        for path in self.folder.glob("*-*.*"):
            path.unlink()


def large(bench: Bench, rows: int, times: int, sample: int) -> None:
    """Tell the speed from file to file for so many households, and what a hundredth of bad rows costs."""
    csv, parquet, bad = bench.path("clean.csv"), bench.path("clean.parquet"), bench.path("bad.csv")
    inputs.write_csv(csv, rows)
    inputs.write_parquet(parquet, rows)
    result = right(rows, sample)
    for source, target in ((csv, "parquet"), (csv, "csv"), (parquet, "parquet")):
        bare = ("hand", "kernel", *bench.beside)
        programs = [bench.bare(which, source, target, result) for which in bare]
        programs.append(bench.evaluate("bangfu evaluate", source, target, result))
        bench.run(f"{rows:>10,} rows, {source.suffix[1:]} to {target}", programs, times)
    parquet.unlink()
    inputs.write_csv(bad, rows, spoilt=True)
    programs = [
        bench.evaluate("bangfu evaluate, clean", csv, "csv", result),
        bench.evaluate("bangfu evaluate, 1% bad rows", bad, "csv", good(result), code=1),
    ]
    bench.run(f"{rows:>10,} rows, csv to csv", programs, times)


def small(bench: Bench, rows: int, times: int) -> None:
    """Tell what a start costs: a small CSV, a workbook, one household explained."""
    csv, xlsx = bench.path("small.csv"), bench.path("small.xlsx")
    inputs.write_csv(csv, rows)
    inputs.write_workbook(xlsx, rows)
    result = right(rows, rows)
    start = bench.evaluate("bangfu evaluate", csv, "csv", result)
    anew = Program("bangfu evaluate, policy read anew", ("env", "BANGFU_CACHE=", *start.command), start.told)
    hand = bench.bare("hand", csv, "csv", result)
    bench.run(f"{rows:>10,} rows, csv to csv", (hand, start, anew), times)
    evaluated = bench.evaluate("bangfu evaluate", xlsx, "xlsx", result)
    bench.run(f"{rows:>10,} rows, xlsx to xlsx", (_workbook_alone(bench, xlsx, evaluated), evaluated), times)
    bench.run(f"{1:>10,} row,  yaml explained", _explained(bench), times)


def _workbook_alone(bench: Bench, source: Path, evaluated: Program) -> Program:
    """Reads `source` with openpyxl, and writes what `evaluated` writes into it."""
    timed(evaluated, bench.path("printed"))
    handed, written, into = bench.path("sheets.pickle"), Path(evaluated.command[-1]), bench.path("alone-small.xlsx")
    handed.write_bytes(pickle.dumps(workbook.values(written)))
    command = (_PYTHON, "-m", "benchmarks.workbook", str(source), str(handed), str(into))

    def told() -> str:
        return "the same cells" if workbook.values(into) == workbook.values(written) else "other cells"

    return Program("openpyxl alone", command, told)


def _explained(bench: Bench) -> list[Program]:
    """One household explained, beside the start of Python with two of the packages that it needs."""
    household, printed = bench.path("household.yaml"), bench.path("printed")
    inputs.write_household(household)
    total = Decimal(hand_written.decide(inputs.facts(1))["合计"].item()).scaleb(-2).normalize()

    def told() -> str:
        is_right = f"  合计：{total:,f} 元/年\n" in printed.read_text(encoding="utf-8")
        return "the total that is by hand" if is_right else "another total than by hand"

    command = (*_BANGFU, "explain", str(household), *_YEAR)
    alone = Program("python -c 'import click, yaml'", (_PYTHON, "-c", "import click, yaml"), lambda: "nothing decided")
    return [alone, Program("bangfu explain", command, told)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=(ROWS,), help="numbers of households")
    parser.add_argument("--small", type=int, default=SMALL, help="households in the small files")
    parser.add_argument("--times", type=int, help="runs of each program")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="households held against the exact algebra")
    parser.add_argument("--beside", nargs="*", default=(), choices=("sql",), help="sql needs duckdb")
    asked = parser.parse_args(arguments)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bangfu-") as folder:
        os.environ["BANGFU_CACHE"] = str(Path(folder) / "kept")
        bench = Bench(Path(folder), asked.beside)
        for rows in asked.rows:
            large(bench, rows, asked.times or TIMES, asked.sample)
        small(bench, asked.small, asked.times or TIMES_SMALL)


if __name__ == "__main__":
    main()
