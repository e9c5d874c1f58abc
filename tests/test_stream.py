"""Runs by whole columns: to the byte what row by row gives, whatever stands in the file and however it is cut."""

import datetime
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import polars as pl
import pyarrow as pa
import pytest
import small_policies as small
from pyarrow import parquet
from rows_2023 import COLUMNS, KINDS, cell_of, ordinary, scheme, spoilt, table
from same_bytes import DAY, differences, run
from small_policies import money, number, written

import engine
from engine.cases import read_cases
from engine.kernel import Typed
from engine.messages import plain, say, words
from engine.policy import Fact, Unit
from engine.stream import blocks, scanning
from engine.stream.blocks import Blocks, Records
from engine.stream.forms import ALIKE
from engine.stream.reading import Reader, stored
from engine.tables import Cell, ColumnSource, Record, open_source
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.csv import CsvSource
from engine.tables.forms import FORMS
from engine.tables.household import plain_cells

ROOT = Path(__file__).parent.parent

# The same bytes ------------------------------------------------------------


def test_a_policy_without_any_output_comes_to_the_same_bytes(tmp_path: Path) -> None:
    rules = "rules:\n  half:\n    is: children / 2\n    because: an example\n"
    policy = engine.load(written(tmp_path, facts=f"facts:\n{number('children')}", rules=rules))
    assert policy.outputs == ()
    source = tmp_path / "households.csv"
    source.write_text("children\n1\n2\n", encoding="utf-8")
    assert differences(source, tmp_path, policy) == []
    source.write_text("children\n", encoding="utf-8")
    assert differences(source, tmp_path, policy) == []


@pytest.mark.parametrize("name", ["households-2023.csv", "households-2023-with-mistakes.csv", "households-2023.xlsx"])
def test_the_examples_come_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    if name.endswith(".xlsx"):
        one, other = (run(ROOT / "examples" / name, tmp_path / part, part) for part in ("exact", "columns"))
        assert replace(one, algebra="", output="", rejects="", manifest="") == replace(
            other, algebra="", output="", rejects="", manifest=""
        )
        rows = [[record.cells for record in open_source(Path(done.output)).records()] for done in (one, other)]
        assert rows[0] == rows[1] and len(rows[0]) == 30
    else:
        assert differences(ROOT / "examples" / name, tmp_path) == []


def mixed(count: int, seed: int) -> Iterator[str]:
    """The lines of a table in which every third row is unusual, some with the ID number of another."""
    random = Random(seed)
    for at, row in enumerate(ordinary(count)):
        cells = dict(zip(COLUMNS, row, strict=True))
        if at % 9 == 4:
            cells["身份证号"] = dict(zip(COLUMNS, ordinary(count)[at - 2], strict=True))["身份证号"]
        yield spoilt(cells, random.choice(KINDS), random) if at % 3 == 0 else ",".join(cells.values())


@pytest.mark.parametrize(
    ("size", "end", "encoding"),
    [(700, "\r\n", "utf-8"), (5_000, "\n", "utf-8-sig"), (1 << 22, "\n", "utf-8"), (3_000, "\r\n", "gb18030")],
)
def test_unusual_rows_come_to_the_same_bytes(
    size: int, end: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
    lines = [",".join(COLUMNS), *mixed(130, seed=size)]
    content = end.join(lines).encode(encoding)
    source = tmp_path / "rows.csv"
    source.write_bytes(
        content.replace("两\n行".encode(encoding), "两\r\n行".encode(encoding)) + b"\xff,\n" + content[-50:]
    )
    assert differences(source, tmp_path) == []
    assert differences(source, tmp_path, ending=".jsonl") == []


@pytest.mark.parametrize("size", [300, 1 << 22])
def test_texts_that_json_escapes_come_to_the_same_bytes(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
    remarks = ("a\tb", "back\\slash", '"in ""quotes"""', "\x1f", "\x7f\u2028", "/", "x" * 300, "", " ")
    rows = [(*row[:-1], remarks[at % len(remarks)]) for at, row in enumerate(ordinary(40))]
    assert differences(table(tmp_path / "rows.csv", rows), tmp_path, ending=".jsonl") == []
    rows = [(*row[:-1], remarks[at % 2]) for at, row in enumerate(ordinary(40))]
    header = ("编\\号", *COLUMNS[1:])
    assert differences(table(tmp_path / "rows.csv", rows, header=header), tmp_path, ending=".jsonl") == []


_OF_EVERY_KIND = """
rules:
  third:
    is: cost / 3
  half:
    is: cost / 2
  much:
    is: cost > limit
  last:
    is: due
  sign:
    is: mark
outputs:
  - third
  - half
  - much
  - last
  - sign
"""


def test_decisions_of_every_kind_come_to_the_same_bytes(tmp_path: Path) -> None:
    others = "  due:\n    kind: date\n    meaning: a day\n  mark:\n    kind: text\n    meaning: a mark\n"
    facts = "facts:\n" + money("cost") + others
    figures = "figures:\n  limit:\n    value: 20\n    unit: GBP/year\n    because: as said\n"
    policy = small.policy(tmp_path, facts=facts, figures=figures, rules=_OF_EVERY_KIND)
    rows = [(f"{at}.{at % 10}", f"2024-02-{at % 28 + 1:02}", f"m{at}\\" * (at % 3)) for at in range(40)]
    source = table(tmp_path / "rows.csv", rows, header=("cost", "due", "mark"))
    for ending in (".csv", ".jsonl"):
        assert differences(source, tmp_path, policy, ending) == []
    told = (tmp_path / "columns" / "out.jsonl").read_text()
    assert '"third": "11/30", "half": 0.55, "much": false, "last": "2024-02-02", "sign": "m1\\\\",' in told


def test_columns_without_a_heading_and_reasons_of_an_earlier_run_come_to_the_same_bytes(tmp_path: Path) -> None:
    rows = [(*row, " " if at % 5 else "x", "", "旧的原因") for at, row in enumerate(ordinary(40))]
    source = table(tmp_path / "rows.csv", rows, header=(*COLUMNS, "", " ", "问题"))
    assert differences(source, tmp_path) == []


def test_a_file_of_bad_rows_alone_and_one_of_a_header_alone_come_to_the_same_bytes(tmp_path: Path) -> None:
    bad = table(tmp_path / "bad.csv", [("x", "y")] * 30)
    empty = table(tmp_path / "empty.csv", [])
    for source in (bad, empty):
        folder = tmp_path / source.stem
        folder.mkdir()
        assert differences(source, folder) == []


OTHERS = sorted(path.parent for path in (ROOT / "examples" / "policies").glob("*/policy.yaml"))


@pytest.mark.parametrize("folder", OTHERS, ids=lambda folder: folder.name)
def test_the_cases_of_other_policies_come_to_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    found = [
        {name: plain_cells(entry.value) for name, entry in case.facts.entries.items()} for case in read_cases(folder)
    ]
    cases = [{name: cell for name, cell in case.items() if name != "本类上年度标准"} for case in found]
    bad = [{**case, name: "?"} for case in cases[:3] for name in case]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(f"{json.dumps(case)}\n" for case in [*cases, *bad]), encoding="utf-8")
    policy = engine.load(folder)
    assert differences(source, tmp_path, policy) == []
    plain = [case for case in cases if not any(isinstance(cell, list) for cell in case.values())]
    if plain and not policy.groups:
        header = list(dict.fromkeys(name for case in plain for name in case))
        rows = [[str(case.get(name, "")) for name in header] for case in plain]
        assert differences(table(tmp_path / "rows.csv", rows, header=header), tmp_path, policy) == []


def test_the_first_decisions_are_kept_whatever_the_algebra(tmp_path: Path) -> None:
    source = ROOT / "examples" / "households-2023-with-mistakes.csv"
    kept = [engine.evaluate(scheme(), source, today=DAY, algebra=name, first=3).first for name in ("exact", "columns")]
    assert kept[0] == kept[1] and len(kept[0]) == 3


# The choice ------------------------------------------------------------


def test_columns_are_asked_for_without_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    source = ROOT / "examples" / "households-2023.csv"
    with pytest.raises(engine.TableError) as caught:
        run(source, tmp_path, "columns")
    assert 'pip install "bangfu[batch]"' in str(caught.value)
    summary = engine.evaluate(scheme(), source, tmp_path / "out.csv", today=DAY)
    assert (summary.algebra, summary.decided) == ("exact", 30)
    assert summary.because is not None and summary.because.text("en") == "columns need the package polars"
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_bytes())
    assert manifest["algebra_because"] == "columns need the package polars"


def test_a_policy_that_columns_cannot_compute_is_decided_by_exact_and_told(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    facts = "facts:\n" + number("income", at_most=10**14)
    rules = "rules:\n  large:\n    is: income * income * income\noutputs:\n  - large\n"
    policy = engine.load(written(tmp_path / "p", facts=facts, rules=rules))
    source = tmp_path / "rows.csv"
    source.write_text("income\n5\n", encoding="utf-8")
    summary = engine.evaluate(policy, source, tmp_path / "out.csv")
    assert summary.algebra == "exact" and summary.decided == 1
    assert summary.because is not None and summary.because.text("en").startswith("columns cannot compute the policy: ")
    with pytest.raises(engine.PolicyError):
        engine.evaluate(policy, source, tmp_path / "out.csv", algebra="columns")


TESTED = ["test", "parking-permit", "--policies", "examples/policies"]


def test_polars_is_not_imported_but_for_a_table() -> None:
    for arguments in (["--help"], ["explain", "examples/household-2023.yaml"], ["check", "2023"], TESTED):
        code = (
            "import sys, cli\n"
            f"try:\n cli.cli({arguments!r}, standalone_mode=False)\n"
            "except SystemExit:\n pass\n"
            "print('polars' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
        assert done.stdout.splitlines()[-1] == "False", done.stderr


# Lines ------------------------------------------------------------

BITS = (
    *(b"a", b"1", b",", b",", b",", b"\n", b"\n", b"\r\n", b'"', b'""', b'","', b'"\n', b"\r", b"\0", b"\x01", b"\xff"),
    *("中 \ufeff \u3000 \u2028".encode().split(b" ")),
    *(b" ", b",,\n", b'"x,y",2,3\n', b"1,2,3\n", b"#", b"'", "中".encode("gb18030"), b"\x85"),
)


def records_of(source: CsvSource, size: int) -> list[Record]:
    """Every record, by way of blocks of `size` bytes."""
    found = []
    kept = range(len(source.header))
    made = Blocks(source, kept, {0: "[0-9a-z]"})
    for chunk in scanning.chunks(source, size):
        block = made.block(chunk)
        found += block.records
        for at, cells in zip(block.numbers.to_list(), block.cells.iter_rows(), strict=True):
            read = tuple(cell or "" for cell in cells)
            assert not block.is_plain or all(re.fullmatch("([^\\W_].*)?", cell, re.DOTALL) for cell in read), read
            assert not block.is_plain or re.fullmatch("[0-9a-z]?", read[0]), read
            single = block.record(at)
            if single is not None:
                assert single.problem is not None or single.cells == read
                found.append(single)
    return sorted(found, key=lambda record: record.number)


@pytest.mark.parametrize("seed", range(6))
def test_lines_read_by_the_block_are_the_records_of_the_strict_reader(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many lines with quotes, or lines that are not plain, are read by themselves."""
    random = Random(seed)
    monkeypatch.setattr(scanning, "_FEW", (0, 1, 200)[seed % 3])
    monkeypatch.setattr(blocks, "_FEW", (64, 1)[seed % 2])
    read = 0
    for _ in range(35):
        encoding = random.choice(["utf-8", "utf-8-sig", "gb18030"])
        header = random.choice(["a\n", "a,b\n", "a,b,c\n", "a,,c\n"])
        content = header.encode() + b"".join(random.choice(BITS) for _ in range(random.randrange(1, 60)))
        path = tmp_path / "rows.csv"
        path.write_bytes((b"\xef\xbb\xbf" if encoding == "utf-8-sig" else b"") + content)
        source = open_source(path, encoding=None if encoding == "utf-8-sig" else encoding)
        assert isinstance(source, CsvSource)
        expected = list(source.records())
        read += len(expected)
        for size in (7, 50, 1000):
            assert records_of(source, size) == expected, (encoding, size, content)
    assert read > 100


def test_a_line_beyond_all_measure_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n1,2\n" + b"x" * 9_000_000 + b"\n3,4\n" + b'"' + b"y" * 2_000_000 + b'",5\n6,7\n')
    source = open_source(path)
    assert isinstance(source, CsvSource)
    expected = list(source.records())
    assert [record.problem is None for record in expected] == [True, False, True, False, True]
    assert records_of(source, 1 << 20) == expected


# Cells ------------------------------------------------------------


def fact_of(kind: str, **more: object) -> Fact:
    bounds = (
        {"at_least": Fraction(0), "at_most": Fraction(100_000), "step": Fraction("0.01")}
        if kind in ("money", "count")
        else {}
    )
    return Fact("x", kind, Unit(), "", **{**bounds, **more})  # type: ignore[arg-type]


FACTS = (
    fact_of("money"),
    fact_of("money", step=Fraction("0.05"), at_least=Fraction("-3.5")),
    fact_of("count", step=Fraction("5"), at_least=10),
    fact_of("money", step=Fraction("1/3")),
    fact_of("truth"),
    fact_of("date"),
    fact_of("text"),
    fact_of("text", choices=("甲", "A1")),
    fact_of("text", form="id_number"),
)
SIGNS = "0123456789..,,-+ eE_'\"#/年月日Xx甲A是否√①²½１２，．－\u3000\u200b\ufeff\t\x1c\xa0"
TEXTS = (
    *("0", "5", "10", "15", "12.5", "12.50", "12.505", "0.05", ".5", "5.", "-0", "-3.5", "00", "007", "1,234", "1,23"),
    *(
        "100000",
        "100000.00",
        "100000.01",
        "9" * 12,
        "9" * 13,
        "9" * 30,
        "1e3",
        "1_0",
        "0x1",
        "٣",
        "inf",
        "nan",
        "1.2.3",
    ),
    *(
        "是",
        "否",
        "Y",
        "2023-08-01",
        "2023-8-1",
        "2023/08/01",
        "20230801",
        "45139",
        "2023-02-29",
        "2024-02-29",
        "0001-01-01",
    ),
    *("990101198503070017", "99010119850307001x", " 990101198503070017", "990101198502300010", "110101000001010017"),
    *("甲", "Ａ1", "ａ", "ﬁ", "a b", " a", "甲\u3000", "x" * 200, "甲" * 1100, "＝1"),
)


def test_cells_read_by_the_column_are_what_single_cells_are_read_as() -> None:
    random = Random(5)
    made = {"".join(random.choice(SIGNS) for _ in range(random.randrange(1, 9))) for _ in range(3000)}
    made |= {f"{random.randrange(200)}.{random.randrange(1000)}" for _ in range(500)}
    texts = [*TEXTS, *sorted(made), None]
    good = 0
    for fact in FACTS:
        found = Typed("number", pl.Int64(), 300) if fact.kind in ("money", "count") else Typed(fact.kind, pl.String())
        column = Reader(fact, words("zh"), found).read(pl.Series(texts, dtype=pl.String))
        reader = Reader(fact, words("zh"), found)
        plain = pl.Series([text for text in texts if text is None or re.fullmatch(reader.plain, text)], dtype=pl.String)
        if reader.plain:
            alone = reader.settled(plain, plain.to_frame("").select(reader.reading("")).to_series())
            seen = reader.read(plain)
            assert alone.values.equals(seen.values) and (alone.bad is None) == (seen.bad is None), fact
        assert (plain.drop_nulls().len() > 2) == bool(reader.plain), fact
        bad = [False] * len(texts) if column.bad is None else column.bad.to_list()
        for text, value, is_bad in zip(texts, column.values.to_list(), bad, strict=True):
            expected: object = None
            is_expected_bad = False
            if not is_blank(text):
                try:
                    expected = stored(read_cell(fact, text, words("zh")), found)
                except BadCell:
                    is_expected_bad = True
            assert (value, is_bad) == (expected, is_expected_bad), (fact, text)
            good += value is not None
    assert good > 1000


def test_typed_cells_are_read_by_the_column_only_where_a_text_comes_to_the_same() -> None:
    numbers = [
        0,
        5,
        -3,
        12,
        45139,
        20230801,
        10**30,
        Fraction(25, 2),
        Fraction(1, 3),
        Fraction(-7, 2),
        Fraction("0.05"),
    ]
    cells: list[Cell] = [*numbers, True, False, DAY, datetime.date(101, 1, 1), *TEXTS, None, [], {}]
    records = Records(open_source(ROOT / "examples" / "households-2023.csv"), [0], {}, words("zh"))
    same = 0
    for fact in FACTS:
        for cell in cells:
            found = records._plain(Record(1, (cell,)), {0: fact.kind})
            if found is not None and not is_blank(cell):
                assert _read_as(fact, found[0]) == _read_as(fact, cell), (fact, cell)
                same += cell not in TEXTS
            assert found is not None or not isinstance(cell, str)
    assert same == 4 * 10 + 2 + 2 and records._plain(Record(1, (), say("x")), {}) is None


def _read_as(fact: Fact, cell: object) -> object:
    try:
        return read_cell(fact, cell, words("zh"))
    except BadCell:
        return BadCell


def test_id_numbers_in_a_group_have_the_same_fault() -> None:
    random = Random(3)
    made = [f"99{random.randrange(10**15):015d}{random.choice('0123456789X')}" for _ in range(500)]
    dated = [
        f"990101{1900 + random.randrange(130)}{random.randrange(1, 14):02d}{random.randrange(33):02d}{at % 1000:03d}"
        for at in range(3000)
    ]
    texts = [*made, *TEXTS, *(text + check for text in dated for check in "0X5")]
    found = ALIKE["id_number"](pl.Series(texts)).to_list()
    faults = [FORMS["id_number"].fault(text) for text in texts]
    told = Counter(zip(found, faults, strict=True))
    assert {pair for pair in told if pair[0]} == {(1, None), (2, "id_check")}
    assert told[1, None] > 500 and told[2, "id_check"] > 500
    missed = [text for text, group, fault in zip(texts, found, faults, strict=True) if not group and fault is None]
    assert all(text[10:14] == "0229" for text in missed)


# Parquet and pipes ------------------------------------------------------------


def test_parquet_brings_the_same_rows_and_keeps_exact_types(tmp_path: Path) -> None:
    source = table(tmp_path / "rows.csv", ordinary(60))
    done = engine.evaluate(scheme(), source, tmp_path / "out.parquet", today=DAY)
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.height == done.decided > 50
    assert frame.schema["合计"] == pl.Decimal(38, 2) and frame.schema["家庭年收入"] == pl.String
    assert sum(frame.get_column("合计").to_list()) == done.total
    engine.evaluate(scheme(), source, tmp_path / "out.csv", today=DAY)
    rows = [record.cells for record in open_source(tmp_path / "out.csv").records()]
    texts = [
        tuple(cell_of(cell) if not isinstance(cell, Decimal) else plain(Fraction(cell), 2) for cell in row)
        for row in frame.rows()
    ]
    assert texts == rows


def test_a_parquet_result_has_the_same_bytes_whatever_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.tables.parquet._GROUP", 130)
    source = table(tmp_path / "rows.csv", ordinary(700))
    for size in (5_000, 17_000, 1 << 20):
        monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
        engine.evaluate(scheme(), source, tmp_path / f"{size}.parquet", today=DAY)
    first, *others = ((tmp_path / f"{size}.parquet").read_bytes() for size in (5_000, 17_000, 1 << 20))
    assert others == [first, first]
    assert parquet.ParquetFile(tmp_path / "5000.parquet").num_row_groups > 4


def test_a_parquet_result_says_texts_in_a_way_that_every_reader_knows(tmp_path: Path) -> None:
    source = table(tmp_path / "rows.csv", ordinary(20))
    engine.evaluate(scheme(), source, tmp_path / "out.parquet", today=DAY)
    file = parquet.ParquetFile(tmp_path / "out.parquet")
    assert {field.type for field in file.schema_arrow if field.name in ("身份证号", "依据", "结论")} == {pa.string()}
    assert b"ARROW:schema" not in (file.schema_arrow.metadata or {})


def test_a_parquet_file_gives_any_of_its_columns_and_none_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    columns = {"a": ["x", None], "a.b": [1, 2], "a.b.c": ["", "7"]}
    parquet.write_table(pa.table(columns), path)
    source = open_source(path)
    assert isinstance(source, ColumnSource)
    whole, some = (
        pa.Table.from_batches(map(source.texts, source.batches(wanted))).to_pydict() for wanted in (None, {1})
    )
    assert whole == {"0": ["x", None], "1": ["1", "2"], "2": ["", "7"]}
    assert some == {"0": [None, None], "1": ["1", "2"], "2": [None, None]}
    nameless = pa.table({**columns, " ": ["", "p"]})
    parquet.write_table(nameless, path)
    told = "The column D has no heading. Give it one, or remove it."
    with pytest.raises(engine.TableError) as error:
        open_source(path)
    assert [problem.text() for problem in error.value.problems] == [f"{path}: {told}"]
    with pytest.raises(engine.TableError, match=re.escape(told)):
        list(engine.evaluate_batches(scheme(), nameless.to_batches()))


def test_a_parquet_file_is_read_as_its_texts_would_be(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "身份证号": ["990101198503070017", None, None],
            "家庭人口": pl.Series([3, 2, 0], dtype=pl.Int16),
            "家庭年收入": pl.Series(["20000.50", "7", "1"]).cast(pl.Decimal(12, 2)),
            "当地低保月标准": [738, 738, 738],
            "城市低保平均标准": [747, 747, 747],
            "已建档": [True, False, None],
            "核算日期": [datetime.date(2023, 8, 1), None, None],
            "备注": pl.Series(["a", None, "b"], dtype=pl.Categorical),
        }
    )
    rows.write_parquet(tmp_path / "rows.parquet")
    done = [
        engine.evaluate(scheme(), tmp_path / "rows.parquet", tmp_path / f"{name}.csv", today=DAY, algebra=name)
        for name in ("exact", "columns")
    ]
    assert [(each.decided, each.rejected) for each in done] == [(2, 1), (2, 1)]
    for ending in ("csv", "rejects.csv"):
        assert (tmp_path / f"exact.{ending}").read_bytes() == (tmp_path / f"columns.{ending}").read_bytes()


def test_binary_numbers_in_a_parquet_file_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"家庭年收入": [0.1]}).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(engine.TableError, match="holds binary floating-point numbers"):
        engine.evaluate(scheme(), tmp_path / "rows.parquet")
    (tmp_path / "none.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(engine.TableError, match="no Parquet, or is damaged"):
        engine.evaluate(scheme(), tmp_path / "none.parquet")


def test_a_parquet_result_needs_columns(tmp_path: Path) -> None:
    source = ROOT / "examples" / "households-2023.csv"
    with pytest.raises(engine.TableError, match="Parquet is written by whole columns only"):
        engine.evaluate(scheme(), source, tmp_path / "out.parquet", algebra="exact")
    assert list(tmp_path.iterdir()) == []


def command(*arguments: str) -> list[str]:
    return [sys.executable, "cli.py", "evaluate", *arguments, "--year", "2023", "--today", "2023-08-01"]


def test_a_pipe_brings_a_table_and_takes_a_result(tmp_path: Path) -> None:
    source = ROOT / "examples" / "households-2023-with-mistakes.csv"
    engine.evaluate(scheme(), source, tmp_path / "out.csv", today=DAY)
    done = subprocess.run(command("-", "-o", "-"), cwd=ROOT, input=source.read_bytes(), capture_output=True)
    assert done.returncode == 1
    assert done.stdout == (tmp_path / "out.csv").read_bytes()
    assert "--rejects" in done.stderr.decode()


def test_a_pipe_takes_the_format_that_is_asked_for(tmp_path: Path) -> None:
    source = ROOT / "examples" / "households-2023.csv"
    engine.evaluate(scheme(), source, tmp_path / "out.jsonl", today=DAY)
    done = subprocess.run(command(str(source), "-o", "-", "--output-format", "jsonl"), cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stdout) == (0, (tmp_path / "out.jsonl").read_bytes())
    target = tmp_path / "other.csv"
    done = subprocess.run(
        command(str(source), "-o", str(target), "--output-format", "jsonl"), cwd=ROOT, capture_output=True
    )
    assert done.returncode == 2 and "the ending of a file says its own" in done.stderr.decode() and not target.exists()


def test_a_pipe_takes_a_result_by_date(tmp_path: Path) -> None:
    source = ROOT / "examples" / "households-2023.csv"
    engine.evaluate_by_date(ROOT / "policies", source, tmp_path / "out.csv", today=DAY)
    by_date = [sys.executable, "cli.py", "evaluate", "-", "--by-date", "--today", "2023-08-01", "-o", "-"]
    done = subprocess.run(by_date, cwd=ROOT, input=source.read_bytes(), capture_output=True)
    assert (done.returncode, done.stdout) == (0, (tmp_path / "out.csv").read_bytes())
    assert "总计30行：判定30行" in done.stderr.decode() and not (ROOT / "-").exists()


def test_a_closed_pipe_is_no_fault(tmp_path: Path) -> None:
    source = table(tmp_path / "rows.csv", ordinary(300))
    with subprocess.Popen(
        command(str(source), "-o", "-"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        assert run.stdout.read(10) != b""
        run.stdout.close()
        told = run.stderr.read().decode()
    assert "Traceback" not in told and run.returncode in (0, 1)


# Whole or not at all ------------------------------------------------------------


def test_a_run_killed_at_any_moment_leaves_the_old_files_or_the_new(tmp_path: Path) -> None:
    source = table(tmp_path / "rows.csv", ordinary(300))
    engine.evaluate(scheme(), source, tmp_path / "whole.csv", today=DAY)
    whole = (tmp_path / "whole.csv").read_bytes()
    random = Random(11)
    for _ in range(4):
        (tmp_path / "out.csv").write_bytes(b"as it was")
        with subprocess.Popen(
            command(str(source), "-o", str(tmp_path / "out.csv")),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as run:
            time.sleep(random.randrange(100, 1500) / 1000)
            run.kill()
        assert (tmp_path / "out.csv").read_bytes() in (b"as it was", whole)


def test_two_runs_on_one_output_leave_one_of_them_whole(tmp_path: Path) -> None:
    source = table(tmp_path / "rows.csv", ordinary(300))
    engine.evaluate(scheme(), source, tmp_path / "whole.csv", today=DAY)
    runs = [
        subprocess.Popen(
            command(str(source), "-o", str(tmp_path / "out.csv")),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert {run.wait() for run in runs} <= {0, 1}
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_result_that_cannot_be_written_is_named_and_not_its_rejects(tmp_path: Path) -> None:
    with pytest.raises(engine.TableError) as caught:
        engine.evaluate(scheme(), ROOT / "examples" / "households-2023.csv", tmp_path / "out.txt", today=DAY)
    assert caught.value.problems[0].place.file == str(tmp_path / "out.txt")


_ON_A_SMALL_DISK = """
import datetime, resource, sys
from pathlib import Path
import engine
policy = engine.load(Path("policies/2023"))
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    engine.evaluate(policy, Path(sys.argv[1]), Path(sys.argv[2]), today=datetime.date(2023, 8, 1), algebra="columns")
except engine.TableError as error:
    print(error)
"""


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_run_without_room_leaves_the_old_files_and_says_so(ending: str, tmp_path: Path) -> None:
    source = table(tmp_path / "rows.csv", ordinary(2000))
    out = tmp_path / f"out.{ending}"
    out.write_bytes(b"as it was")
    code = [sys.executable, "-c", _ON_A_SMALL_DISK, str(source), str(out)]
    done = subprocess.run(code, cwd=ROOT, capture_output=True, text=True)
    assert "larger than the system allows. Nothing was left behind" in done.stdout, done.stderr
    assert out.read_bytes() == b"as it was"
    assert {path.name for path in tmp_path.iterdir()} == {"rows.csv", out.name}


# Arrow record batches ------------------------------------------------------------


def answers(rows: pa.Table, size: int) -> pa.Table:
    found = list(engine.evaluate_batches(scheme(), rows.to_batches(max_chunksize=size), today=DAY, language="zh_CN"))
    return pa.Table.from_batches(found)


def test_batches_get_the_answers_of_a_run_whatever_their_size(tmp_path: Path) -> None:
    lines = [row for at, row in enumerate(ordinary(90)) if at % 2]
    bad = [(*row[:5], "-3", *row[6:]) for row in lines[:4]]
    source = table(tmp_path / "rows.csv", [*lines, *bad[:2], [""] * len(COLUMNS), *bad[2:]])
    rows = pa.Table.from_pydict(
        {
            name: list(cells)
            for name, cells in zip(
                COLUMNS, zip(*lines, *bad[:2], [""] * len(COLUMNS), *bad[2:], strict=True), strict=True
            )
        }
    )
    rows = rows.set_column(1, "纬度", pa.array([0.5] * rows.num_rows))
    found = answers(rows, 7)
    assert found.equals(answers(rows, 1000))
    assert found.column("纬度").to_pylist() == [0.5] * found.num_rows
    reasons = found.column("问题").to_pylist()
    done = engine.evaluate(scheme(), source, tmp_path / "out.csv", today=DAY)
    assert sum(reason is None for reason in reasons) >= done.decided > 30
    amounts = [amount for amount in found.column("合计").to_pylist() if amount is not None]
    assert len(amounts) + sum(reason is not None for reason in reasons) == found.num_rows
    assert all(
        (amount is None) == (reason is not None)
        for amount, reason in zip(found.column("合计").to_pylist(), reasons, strict=True)
    )


def test_batches_without_rows_have_the_schema_of_the_answers() -> None:
    rows = pa.Table.from_pydict(dict(zip(COLUMNS, map(list, zip(*ordinary(3), strict=True)), strict=True)))
    (found,) = engine.evaluate_batches(scheme(), [pa.RecordBatch.from_pylist([], rows.schema)], today=DAY)
    assert found.num_rows == 0
    assert found.schema == answers(rows, 2).schema


def cells_of(path: Path) -> list[list[str]]:
    return [list(map(str, record.cells)) for record in open_source(path).records()]


def test_batches_give_the_rejects_of_a_run_once_told_what_stands_in_several_rows(tmp_path: Path) -> None:
    ids = COLUMNS.index("身份证号")
    lines = [list(row) for row in ordinary(40)]
    lines[31][ids] = lines[3][ids]  # twice, in two batches
    lines[12][ids] = f" {lines[5][ids][:6]}-{lines[5][ids][6:]}"  # the same number, written otherwise
    lines[5][COLUMNS.index("家庭人口")] = "0"  # a row that is bad besides
    lines[20][ids] = lines[21][ids] = "１"
    source = table(tmp_path / "rows.csv", lines)
    done = engine.evaluate(scheme(), source, tmp_path / "out.csv", today=DAY, language="zh_CN")
    columns = dict(zip(COLUMNS, map(list, zip(*lines, strict=True)), strict=True))
    rows = pa.Table.from_pydict({**columns, "文件": [str(source)] * 40, "行": list(range(2, 42))})
    batches = rows.to_batches(max_chunksize=10)
    keys = pa.Table.from_batches(engine.unique_values(scheme(), batches)).column("身份证号").to_pylist()
    counts = {key: keys.count(key) for key in keys if keys.count(key) > 1 and key is not None}
    assert counts == {lines[3][ids]: 2, lines[5][ids]: 2, "1": 2}
    told = {"repeated": {"身份证号": counts}, "places": ("文件", "行"), "today": DAY, "language": "zh_CN"}
    found = pa.Table.from_batches(engine.evaluate_batches(scheme(), batches, **told))
    reasons = [reason for reason in found.column("问题").to_pylist() if reason is not None]
    assert reasons == [cells[-1] for cells in cells_of(Path(done.rejects))]
    assert len([reason for reason in reasons if "出现在2行中" in reason]) == 6


def test_unique_values_are_texts_and_need_no_other_column(tmp_path: Path) -> None:
    facts = f"facts:\n{number('number', more='unique: true')}"
    rules = "rules:\n  twice:\n    is: 2 * number\noutputs:\n  - twice\n"
    policy = engine.load(written(tmp_path, facts=facts, rules=rules))
    told = pa.RecordBatch.from_pydict({"number": ["7", " ７ ", None, "seven", "8"], "street": ["a"] * 5})
    (keys,) = engine.unique_values(policy, [told])
    assert keys.to_pydict() == {"number": ["7", "7", None, None, "8"]}
    (keys,) = engine.unique_values(policy, [pa.RecordBatch.from_pydict({"number": [7, 8]})])
    assert keys.to_pydict() == {"number": ["7", "8"]}
    repeated = {"number": {"7": 2}}
    (found,) = engine.evaluate_batches(policy, [told], repeated=repeated)
    assert [reason is None for reason in found.column(found.num_columns - 1).to_pylist()] == [False] * 4 + [True]
    with pytest.raises(ValueError):
        list(engine.evaluate_batches(policy, [told], repeated={"names": {"7": 2}}))


def test_no_batch_gives_none_and_persons_or_binary_amounts_are_refused() -> None:
    assert list(engine.evaluate_batches(scheme(), [])) == []
    with pytest.raises(engine.TableError, match="binary floating-point"):
        list(engine.evaluate_batches(scheme(), pa.Table.from_pydict({"家庭年收入": [0.5]}).to_batches()))
    persons = engine.load(ROOT / "examples" / "policies" / "shanghai-2019")
    with pytest.raises(engine.PolicyError, match="reads persons"):
        engine.evaluate_batches(persons, [])
