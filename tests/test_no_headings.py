"""Files whose first row holds no headings, or that are not what their name says: told what stands there."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from engine import HouseholdError, TableError, evaluate, load
from engine.tables import open_source

ROOT = Path(__file__).parent.parent


def _refusal(path: Path) -> str:
    with pytest.raises(TableError) as caught:
        open_source(path)
    return str(caught.value).removeprefix(f"{path.parent}/")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": "你"}\n'.encode("gbk"), "t.jsonl:1: The line holds a byte that is not UTF-8 (byte 8). Save the file"),
        (b'{\n  "a": 1\n}\n', "t.jsonl:1: The line is not JSON from character 2 on. Write one JSON object a line."),
        (b"\n \n", "t.jsonl: The file is empty. Write one JSON object a line."),
        (b"\n{}\n", "t.jsonl:2: The object has no keys. Write one JSON object a line."),
    ],
)
def test_jsonl_without_a_key_says_what_its_first_line_is(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "t.jsonl").write_bytes(content)
    assert _refusal(tmp_path / "t.jsonl").startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a|b\n1|2\n", "t.csv:1: Vertical bars (|) stand between the headings. Commas are expected. Save the table"),
        ("sep=,\na,b\n", "t.csv:1: The line “sep=,” stands above the headings. Only Excel reads it. Delete the line."),
        ("SEP=;\na;b\n", "t.csv:1: The line “SEP=;” stands above the headings. Only Excel reads it. Delete the line."),
    ],
)
def test_what_stands_where_headings_should_be_is_told(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    assert _refusal(tmp_path / "t.csv").startswith(said)


def test_a_title_above_the_headings_is_told_as_one(tmp_path: Path) -> None:
    rows = (ROOT / "examples/households-2023.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "t.csv").write_text("困难职工汇总表,,\n" + rows, "utf-8")
    with pytest.raises(HouseholdError) as caught:
        evaluate(load(ROOT / "policies/2023"), tmp_path / "t.csv")
    (problem,) = caught.value.problems
    assert (
        problem.text()
        .removeprefix(f"{tmp_path}/")
        .startswith(
            "t.csv:1: None of these is the name of a fact: 困难职工汇总表. Expected: headings, 家庭人口, 家庭年收入"
        )
    )


def test_a_number_of_thousands_of_digits_is_bad_and_no_damage(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("a", "b"), (1, 2), (3, 4)):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b"<v>2</v>" in parts[sheet]
    parts[sheet] = parts[sheet].replace(b"<v>2</v>", b"<v>" + b"9" * 5_000 + b"</v>")
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    bad, good = open_source(tmp_path / "t.xlsx").records()
    assert bad.problem is not None
    assert bad.problem.text() == "The number in column B is too large. Correct it."
    assert (bad.cells, good.cells) == ((1, None), (3, 4))
