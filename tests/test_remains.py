"""What the rejects hold of a row that cannot be read: what stood there, as far as it can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import evaluate, load
from engine.tables import open_source

SCHOOL = Path(__file__).parent / "school"
HEADER = "身份证号,家庭年收入,备注\n".encode()
GOOD = "990101198503070017,20000,好\n".encode()


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (b"990101199001010015,30000,\xff\xe4\xbd\xa0\n", ("990101199001010015", "30000", "\\xff你")),
        (b"990101199001010015,300\x0000,a\n", ("990101199001010015", "300\\x0000", "a")),
        (b'990101199001010015,30000,"a\n', ("990101199001010015", "30000", '"a')),
        (b'990101199001010015,30000,"a"b\n', ("990101199001010015", "30000", '"a"b')),
        (b'990101199001010015,"30000",\xff\n', ("990101199001010015", "30000", "\\xff")),
        (b"990101199001010015,30,000,a\n", ("990101199001010015", "30", "000,a")),
        (b"990101199001010015,30000\n", ("990101199001010015", "30000", "")),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_rejects_hold_what_stood_in_the_row(tmp_path: Path, row: bytes, cells: tuple[str, ...], ending: str) -> None:
    (tmp_path / "in.csv").write_bytes(HEADER + GOOD + row)
    summary = evaluate(load(SCHOOL), tmp_path / "in.csv", tmp_path / f"out.{ending}")
    assert (summary.decided, summary.rejected) == (1, 1)
    (record,) = open_source(tmp_path / f"out.rejects.{ending}").records()
    assert tuple(str(cell or "") for cell in record.cells[:-1]) == cells


def test_of_an_endless_cell_the_beginning_is_kept(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(HEADER + GOOD + b"1,2,\xff" + b"\xff" * 3_000_000 + b"\n")
    evaluate(load(SCHOOL), tmp_path / "in.csv", tmp_path / "out.xlsx")
    (record,) = open_source(tmp_path / "out.rejects.xlsx").records()
    assert str(record.cells[2]) == "\\xff" * 5_000 + "…"
