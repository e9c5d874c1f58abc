"""Rules in memory: the engine beside the scheme written by hand in polars, all in one run, each held against exact.

    python -m benchmarks.run                     100,000, 1 and 10 million households, every measure
    python -m benchmarks.run --rows 1000000 --times 5 --beside python sql

Runs of the contenders take turns, so that whatever else the machine does falls on all of them; told are medians, and ratios
of medians, of the time on the wall and of the processors' time, to the quicker of two ways of running what is written by
hand. Beside each speed stands how many cells differ from the exact algebra in a sample, and from the engine in all rows.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from statistics import median_low

import polars as pl

from benchmarks import hand_written, plain
from benchmarks.generate import households
from engine import Policy, load
from engine.algebras.exact import Exact, Value
from engine.decision import view
from engine.fold import fold
from engine.kernel import Kernel, compile

__all__ = ["main"]

ROWS = (100_000, 1_000_000, 10_000_000)
TIMES = {100_000: 41, 1_000_000: 11, 10_000_000: 3}
SAMPLE = 20_000
BESIDE = ("python", "sql", "openfisca")
MOST_BESIDE = 1_000_000
"""With more rows than these, what is not written for speed is left out."""


@dataclass(frozen=True)
class Contender:
    """Something that decides: `run` is what is timed, `decided` gives the columns of the last run."""

    name: str
    run: Callable[[], object]
    decided: Callable[[], pl.DataFrame]


@dataclass(frozen=True)
class Timed:
    """The medians of some runs in milliseconds: on the wall, and of the processors."""

    wall: Fraction
    cpu: Fraction

    def over(self, other: Timed) -> str:
        """How many times the other this is."""
        return f"{_places(self.wall / other.wall)} (processors {_places(self.cpu / other.cpu)})"


def _places(value: Fraction) -> str:
    hundredths = round(value * 100)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def measured(contenders: Sequence[Contender], times: int) -> list[Timed]:
    """Each contender run `times` times, in turns, after one run that does not count."""
    runs: list[list[tuple[int, int]]] = [[] for _ in contenders]
    for number in range(times + 1):
        for contender, found in zip(contenders, runs, strict=True):
            wall, cpu = time.perf_counter_ns(), time.process_time_ns()
            contender.run()
            taken = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
            if number:
                found.append(taken)
    return [Timed(*(Fraction(median_low(part), 10**6) for part in zip(*found, strict=True))) for found in runs]


# The contenders ------------------------------------------------------------


def _plainly(name: str, decide: Callable[[], pl.DataFrame]) -> Contender:
    return Contender(name, decide, decide)


def by_hand(frame: pl.DataFrame) -> list[Contender]:
    """The two ways in which polars runs what is written by hand."""
    plan = hand_written.plan(frame.lazy())
    return [
        _plainly("by hand", plan.collect),
        _plainly("by hand, streaming", lambda: plan.collect(engine="streaming")),
    ]


def beside(name: str, frame: pl.DataFrame) -> Contender:
    """What a user might write instead."""
    if name == "python":
        return _plainly("plain Python", lambda: plain.decide(frame))
    table = import_module(f"benchmarks.in_{name}").Table(frame)
    return Contender({"sql": "DuckDB", "openfisca": "OpenFisca"}[name], table.decide, table.decided)


# What is right ------------------------------------------------------------


def exact_rows(policy: Policy, frame: pl.DataFrame, scales: Mapping[str, int]) -> list[dict[str, Value]]:
    """The decisions of the exact algebra for core facts."""
    exact = Exact(policy.tables)
    found = []
    for facts in frame.iter_rows(named=True):
        core = {name: _value(value, scales.get(name, 1)) for name, value in facts.items()}
        found.append(dict(view(policy, fold(policy, core, exact)).outputs))
    return found


def unlike_exact(decided: pl.DataFrame, exact: Sequence[Mapping[str, Value]], scales: Mapping[str, int]) -> int:
    """The cells that are not what the exact algebra gives; a null never is."""
    rows = zip(decided.iter_rows(named=True), exact, strict=True)
    return sum(
        cell is None or _value(cell, scales[name]) != right[name]
        for cells, right in rows
        for name, cell in cells.items()
    )


def _value(cell: object, scale: int) -> Value:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return Fraction(cell, scale)
    assert isinstance(cell, (str, bool, datetime.date))
    return cell


def differing(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """The cells in which two decisions differ."""
    return sum(int(one[name].cast(pl.String).ne_missing(other[name].cast(pl.String)).sum()) for name in other.columns)


# The measures ------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """What all measures share: the policy, seven columns and all, and a sample with what is exact for it."""

    policy: Policy
    seven: Kernel
    whole: Kernel
    sample: pl.DataFrame
    exact: list[dict[str, Value]]
    beside: Sequence[str]

    def wrong(self, kernel: Kernel) -> int:
        """The cells of the sample in which `kernel` differs from exact."""
        return unlike_exact(kernel.decide(self.sample), self.exact, _scales(kernel))


def _scales(kernel: Kernel) -> dict[str, int]:
    return {name: typed.scale for name, typed in kernel.outputs.items()}


def prepared(sample: int, beside: Sequence[str]) -> Bench:
    """The policy compiled, and the exact decisions of a sample."""
    policy = load(Path(__file__).parent.parent / "policies" / "2023")
    frame = households(sample, seed=7)
    facts = {name: typed.scale for name, typed in compile(policy, list(frame.columns)).facts.items()}
    exact = exact_rows(policy, frame, facts)
    return Bench(policy, compile(policy, hand_written.COLUMNS), compile(policy), frame, exact, beside)


def contenders(bench: Bench, frame: pl.DataFrame, names: Sequence[str]) -> list[Contender]:
    """The engine with seven columns, what is written by hand, and what is beside them."""
    engine = _plainly("engine", lambda: bench.seven.decide(frame))
    return [engine, *by_hand(frame), *(beside(name, frame) for name in names)]


def seven_columns(bench: Bench, rows: int, times: int) -> None:
    """Tell the speed of the seven columns for so many households."""
    names = bench.beside if rows <= MOST_BESIDE else ()
    frame = households(rows, names=hand_written.FACTS).rechunk()
    found = contenders(bench, frame, names)
    right = found[0].decided()
    timed = measured(found[:3], times) + measured(found[3:], 3)
    small = contenders(bench, bench.sample, names)
    for contender, speed, sampled in zip(found, timed, small, strict=True):
        sampled.run()
        wrong = unlike_exact(sampled.decided(), bench.exact, _scales(bench.seven))
        print(
            f"{rows:>10,} rows, 7 columns, {contender.name:<18} {_places(speed.wall):>9} ms, "
            f"{round(rows / speed.wall) * 1000:>12,} rows/s, ratio {speed.over(min(timed[1:3], key=lambda one: one.wall))}; "
            f"of {7 * len(bench.exact):,} cells {wrong} wrong; of all {differing(right, contender.decided())} unlike the engine",
            flush=True,
        )


def filled(frame: pl.DataFrame) -> pl.DataFrame:
    """The same households with every fact filled in, zeros too: no note tells what a blank was taken for."""
    given = [name for name in frame.columns if name.endswith("·已填") and not name.startswith("核定")]
    return frame.with_columns(pl.lit(True).alias(name) for name in given)


def all_columns(bench: Bench, rows: int, times: int) -> None:
    """Tell the speed of every column of a decision for so many households, beside the seven columns by hand."""
    frame = households(rows).rechunk()
    bare = compile(bench.policy, [name for name in bench.whole.outputs if name != bench.policy.words["notes"]])
    for told, kernel, facts in (
        ("all columns, facts filled in", bench.whole, filled(frame)),
        ("all columns, facts left blank", bench.whole, frame),
        ("all columns but the notes", bare, frame),
    ):
        engine = _plainly(told, lambda kernel=kernel, facts=facts: kernel.decide(facts))  # type: ignore[misc]
        speed, *hand = measured([engine, *by_hand(facts)], times)
        print(
            f"{rows:>10,} rows, {told:<29} {_places(speed.wall):>9} ms, {round(rows / speed.wall) * 1000:>12,} rows/s, "
            f"ratio to 7 columns by hand {speed.over(min(hand, key=lambda one: one.wall))}; "
            f"of {len(kernel.outputs) * len(bench.exact):,} cells {bench.wrong(kernel)} wrong",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS, help="numbers of households")
    parser.add_argument("--times", type=int, help="runs of each contender; by default fewer the more rows")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="households held against the exact algebra")
    parser.add_argument("--beside", nargs="*", default=("python",), choices=BESIDE, help="need duckdb, openfisca-core")
    asked = parser.parse_args(arguments)
    bench = prepared(asked.sample, asked.beside)
    for rows in asked.rows:
        times = asked.times or TIMES.get(rows, 5)
        seven_columns(bench, rows, times)
        all_columns(bench, rows, max(times // 3, 1))


if __name__ == "__main__":
    main()
