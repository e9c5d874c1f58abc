"""What is measured is right: the generator makes the facts of the scheme, and every contender agrees with exact."""

import datetime
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow
import pytest

import engine
from benchmarks import archive, file_to_file, files, hand_written, inputs, plain, run
from benchmarks.generate import households
from engine import evaluate_batches, load
from engine.kernel import compile

FOLDER = Path(__file__).parent.parent / "policies" / "2023"
ALIKE = "of 350 cells 0 wrong; of all 2,800 0 unlike by hand"
TODAY = datetime.date(2023, 8, 1)


def test_the_generator_makes_every_core_fact_and_the_same_rows_whatever_else_it_makes():
    policy = load(FOLDER)
    frame = households(3_000)
    assert sorted(frame.columns) == sorted(name for fact in policy.facts for name in fact.core_names(policy.words))
    assert households(500).equals(frame[:500])
    assert households(3_000, names=["家庭年收入"]).equals(frame.select("家庭年收入"))
    assert not households(500, seed=1).equals(frame[:500])
    assert households(500, first=700).equals(frame[700:1200])


def test_the_cells_of_an_archive_bring_the_facts_that_were_made():
    policy, frame = load(FOLDER), households(3_000)
    batches = archive.cells(policy, frame).to_arrow().to_batches()
    told = pyarrow.Table.from_batches(evaluate_batches(policy, batches, today=TODAY, language="zh_CN"))
    decided = compile(policy, hand_written.COLUMNS).decide(frame)
    reasons = {row: reason for row, reason in enumerate(told.column("问题").to_pylist()) if reason is not None}
    assert 0 < len(reasons) < 60
    assert all("相对困难职工只予单一项目救助" in reason for reason in reasons.values())
    for name in hand_written.COLUMNS:
        scale = 1 if name in ("困难类别", "审批") else 100
        one, other = told.column(name).to_pylist(), decided.get_column(name).to_list()
        assert [value * scale for value in one if value is not None] == [
            value for row, value in enumerate(other) if row not in reasons
        ]


def test_of_a_thousand_rows_of_an_archive_one_is_bad_and_one_has_the_id_number_of_another():
    policy = load(FOLDER)
    first, rows = (archive.cells(policy, households(2_000, first=begin)) for begin in (0, 5_000))
    spoilt = archive.with_mistakes(rows, first)
    assert archive.with_mistakes(first, first).get_column("身份证号").n_unique() == 2_000
    assert spoilt.get_column("身份证号").is_in(first.get_column("身份证号").implode()).arg_true().to_list() == [
        999,
        1999,
    ]
    assert spoilt.get_column("家庭年收入").str.contains("元").arg_true().to_list() == [500, 1500]


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


# From file to file ------------------------------------------------------------


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with 400 households as CSV, as Parquet, as a workbook, and more as CSV with bad rows."""
    monkeypatch.setenv("BANGFU_CACHE", "")
    inputs.write_csv(tmp_path / "households.csv", 400)
    inputs.write_parquet(tmp_path / "households.parquet", 400)
    inputs.write_workbook(tmp_path / "households.xlsx", 400)
    inputs.write_csv(tmp_path / "spoilt.csv", 4_200, spoilt=True)
    return tmp_path


def evaluated(source: Path, target: str) -> Path:
    today = datetime.date.fromisoformat(inputs.TODAY)
    into = source.with_name(f"evaluated.{target}")
    engine.evaluate(load(FOLDER), source, into, today=today)
    return into


def test_every_way_from_file_to_file_decides_the_same_households_alike(brought: Path):
    right = files.right(400, 50)
    ways = [("csv", "csv"), ("csv", "parquet"), ("parquet", "csv"), ("parquet", "parquet")]
    for source, target in ways:
        for how in ("hand", "kernel"):
            into = brought / f"{how}.{target}"
            file_to_file.main(how, brought / f"households.{source}", into)
            assert right.told(files.seven(into, in_cents=True)) == ALIKE
    for source, target in [*ways, ("csv", "xlsx"), ("xlsx", "xlsx")]:
        assert right.told(files.seven(evaluated(brought / f"households.{source}", target))) == ALIKE


def test_every_row_that_was_spoilt_and_no_other_is_set_aside(brought: Path):
    decided = evaluated(brought / "spoilt.csv", "csv")
    right = files.good(files.right(4_200, 50))
    assert right.columns.height == 4_158 == 4_200 - 2 * len(inputs.FAULTS)
    assert right.told(files.seven(decided)) == "of 343 cells 0 wrong; of all 29,106 0 unlike by hand"
    numbers = pl.read_csv(decided, columns=[inputs.NUMBER]).to_series()
    assert numbers.to_list() == [number for number in range(4_200) if number % 100 != 37]


def test_a_cell_that_is_wrong_or_no_amount_is_counted(tmp_path: Path):
    right = files.right(10, 10)
    sevens = [pl.lit(7).alias(name) for name in ("生活救助", "医疗救助", "助学救助", "合计")]
    others = [pl.lit("0.001").alias("意外救助"), pl.lit("深度").alias("困难类别")]
    right.columns.with_columns(sevens + others).write_csv(tmp_path / "wrong.csv")
    found = files.seven(tmp_path / "wrong.csv")
    assert found["意外救助"].to_list() == [None] * 10
    assert found["合计"].to_list() == [700] * 10
    assert right.told(found) == "of 70 cells 60 wrong; of all 70 60 unlike by hand"
    assert right.told(found[:9]) == "9 rows instead of 10"


def test_a_process_is_told_with_its_own_time_and_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    small, large = (
        files.Program(name, (sys.executable, "-S", "-c", f"print(len(b'.' * {size}))"), lambda: "0 wrong")
        for name, size in (("small", 1), ("large", 300 * 2**20))
    )
    files.measure("two processes", (small, large), 1, tmp_path / "printed")
    one, other = capsys.readouterr().out.splitlines()
    assert one.startswith("two processes") and "small" in one and "ratio 1.00 (processors 1.00); 0 wrong" in one
    assert int(one.split(" MiB")[0].split()[-1]) < 100 < 300 <= int(other.split(" MiB")[0].split()[-1])
    assert (tmp_path / "printed").read_text() == "314572800\n"


def test_a_process_that_ends_otherwise_than_it_should_ends_the_run(tmp_path: Path):
    program = files.Program("it", (sys.executable, "-S", "-c", "import sys; sys.exit('no such file')"), lambda: "")
    with pytest.raises(RuntimeError, match="it did not end with 0:\nno such file"):
        files.timed(program, tmp_path / "printed")
    assert files.timed(replace(program, code=1), tmp_path / "printed").wall > 0
