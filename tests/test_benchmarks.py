"""What is measured is right: the generator makes the facts of the scheme, and every contender agrees with exact."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks import hand_written, plain, run
from benchmarks.generate import households
from engine import load
from engine.kernel import compile

FOLDER = Path(__file__).parent.parent / "policies" / "2023"


def test_the_generator_makes_every_core_fact_and_the_same_rows_whatever_else_it_makes():
    policy = load(FOLDER)
    frame = households(3_000)
    assert sorted(frame.columns) == sorted(name for fact in policy.facts for name in fact.core_names(policy.words))
    assert households(500).equals(frame[:500])
    assert households(3_000, names=["家庭年收入"]).equals(frame.select("家庭年收入"))
    assert not households(500, seed=1).equals(frame[:500])


def test_what_is_written_by_hand_and_in_plain_python_is_what_the_engine_decides():
    frame = households(6_000, seed=11)
    decided = compile(load(FOLDER), hand_written.COLUMNS).decide(frame)
    assert all(decided[name].n_unique() > 2 for name in hand_written.COLUMNS)
    assert run.differing(decided, hand_written.decide(frame)) == 0
    assert run.differing(decided, plain.decide(frame)) == 0


def test_a_wrong_cell_is_counted():
    bench = run.prepared(40, ())
    decided = bench.seven.decide(bench.sample)
    scales = {name: typed.scale for name, typed in bench.seven.outputs.items()}
    wrong = decided.with_columns(pl.col("合计") + 1)
    assert run.unlike_exact(decided, bench.exact, scales) == 0
    assert run.unlike_exact(wrong, bench.exact, scales) == 40
    assert run.differing(decided, wrong) == 40


def test_a_run_tells_of_each_speed_what_is_wrong(capsys: pytest.CaptureFixture[str]):
    run.main(["--rows", "300", "--times", "1", "--sample", "60"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert all("cells 0 wrong" in line for line in lines)
    assert all(line.endswith("of all 0 unlike the engine") for line in lines[:4])
