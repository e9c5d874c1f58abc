"""Rules in memory: the engine against the scheme written by hand in polars, both in one run, each right before it is fast.

    python -m benchmarks.run                     100,000, 1 and 10 million households, every measure
    python -m benchmarks.run --rows 1000000 --times 5

Runs of the contenders take turns, so that whatever else the machine does falls on both; told are medians, and the ratio of
medians, of the time on the wall and of the processors' time. Beside them stands how many cells differ: of all rows between
the two, and of a sample between the engine and the exact algebra.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median_low

import polars as pl

from benchmarks import hand_written
from benchmarks.generate import households
from engine import Policy, load
from engine.algebras.exact import Exact, Value
from engine.decision import view
from engine.fold import fold
from engine.kernel import Kernel, compile

ROWS = (100_000, 1_000_000, 10_000_000)
TIMES = {100_000: 41, 1_000_000: 11, 10_000_000: 3}
SAMPLE = 20_000
MOST_FOR_ALL = 1_000_000
"""More rows than these are not decided with every column: the notes of ten million take five gigabytes."""


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


def measured(contenders: Sequence[Callable[[], pl.DataFrame]], times: int) -> list[Timed]:
    """Each contender run `times` times, in turns, after one run that does not count."""
    runs: list[list[tuple[int, int]]] = [[] for _ in contenders]
    for number in range(times + 1):
        for contender, found in zip(contenders, runs, strict=True):
            wall, cpu = time.perf_counter_ns(), time.process_time_ns()
            contender()
            taken = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
            if number:
                found.append(taken)
    return [Timed(*(Fraction(median_low(part), 10**6) for part in zip(*found, strict=True))) for found in runs]


def differing(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """The cells in which two decisions differ."""
    return sum(int((one[name].cast(other.schema[name]) != other[name]).sum()) for name in other.columns)


def unlike_exact(policy: Policy, kernels: Sequence[Kernel], frame: pl.DataFrame) -> list[int]:
    """The cells of `frame` decided by each of `kernels` that are not what the exact algebra gives."""
    scales = {name: typed.scale for name, typed in compile(policy, list(frame.columns)).facts.items()}
    decided = [kernel.decide(frame).iter_rows(named=True) for kernel in kernels]
    exact = Exact(policy.tables)
    wrong = [0] * len(kernels)
    for facts, *found in zip(frame.iter_rows(named=True), *decided, strict=True):
        core = {name: _value(value, scales.get(name, 1)) for name, value in facts.items()}
        outputs = dict(view(policy, fold(policy, core, exact)).outputs)
        for number, (kernel, cells) in enumerate(zip(kernels, found, strict=True)):
            wrong[number] += sum(
                _value(cell, kernel.outputs[name].scale) != outputs[name] for name, cell in cells.items()
            )
    return wrong


def _value(cell: object, scale: int) -> Value:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return Fraction(cell, scale)
    assert isinstance(cell, (str, bool, datetime.date))
    return cell


def filled(frame: pl.DataFrame) -> pl.DataFrame:
    """The same households with every fact filled in, zeros too: no note tells what a blank was taken for."""
    given = [name for name in frame.columns if name.endswith("·已填") and not name.startswith("核定")]
    return frame.with_columns(pl.lit(True).alias(name) for name in given)


def seven_columns(kernel: Kernel, rows: int, times: int) -> None:
    """Tell the speed of the seven columns for so many households."""
    frame = households(rows, names=hand_written.FACTS).rechunk()
    wrong = differing(kernel.decide(frame), hand_written.decide(frame))
    engine, by_hand = measured([lambda: kernel.decide(frame), lambda: hand_written.decide(frame)], times)
    print(
        f"{rows:>10,} rows, 7 columns: engine {_places(engine.wall)} ms, by hand {_places(by_hand.wall)} ms, "
        f"ratio {engine.over(by_hand)}; {wrong} cells of {7 * rows:,} differ",
        flush=True,
    )


def all_columns(policy: Policy, rows: int, times: int) -> None:
    """Tell the speed of every column of a decision for so many households, against the seven columns by hand."""
    frame = households(rows).rechunk()
    bare = [name for name in compile(policy).outputs if name != policy.words["notes"]]
    for told, kernel, facts in (
        ("all columns, facts filled in", compile(policy), filled(frame)),
        ("all columns, facts left blank", compile(policy), frame),
        ("all columns but the notes", compile(policy, bare), frame),
    ):
        engine, by_hand = measured([lambda: kernel.decide(facts), lambda: hand_written.decide(facts)], times)  # noqa: B023  # called at once
        print(f"{rows:>10,} rows, {told}: engine {_places(engine.wall)} ms, ratio {engine.over(by_hand)}", flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS, help="numbers of households")
    parser.add_argument("--times", type=int, help="runs of each contender; by default fewer the more rows")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="households held against the exact algebra")
    asked = parser.parse_args()
    policy = load(Path(__file__).parent.parent / "policies" / "2023")
    seven = compile(policy, hand_written.COLUMNS)
    sample = households(asked.sample, seed=7)
    for told, wrong in zip(("7", "all"), unlike_exact(policy, [seven, compile(policy)], sample), strict=True):
        print(f"{asked.sample:>10,} rows, {told} columns: {wrong} cells differ from the exact algebra", flush=True)
    for rows in asked.rows:
        times = asked.times or TIMES.get(rows, 5)
        seven_columns(seven, rows, times)
        if rows <= MOST_FOR_ALL:
            all_columns(policy, rows, max(times // 3, 1))


if __name__ == "__main__":
    main()
