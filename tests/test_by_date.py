"""Rows decided by the version of their own day: by columns to the byte what row by row gives, however the table is cut."""

import datetime
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from random import Random
from textwrap import dedent

import openpyxl
import polars as pl
import pytest
from pyarrow import parquet
from rows_2023 import COLUMNS, KINDS, ordinary, scheme, spoilt, table
from small_policies import number, written

import engine
from engine import ByDate, Summary
from engine.batch import Run
from engine.routing import Versions
from engine.stream import Streaming, scanning
from engine.tables import open_source
from engine.tables.intake import Intake
from engine.tables.shares import Share, Split

ROOT = Path(__file__).parent.parent
TODAY = datetime.date(2023, 8, 1)
DAYS = (
    *("2023-01-01", "2023-06-30", "2023-07-01", "2023-12-31", "2024-01-01", "2024-02-29"),
    *("2023/3/5", "2023年8月9日", " 2024-05-01 ", "２０２３-０８-０１", "2024.6.1", "20240601", "2023-3-5"),
    *("", "", " ", "2022-12-31", "2025-01-01", "明天", "2023-02-30", "45000", "2024-13-01"),
)
"""Days of three versions in several spellings, blanks, days on which no version is in force, and what is no day."""


def _write(folder: Path, **files: str) -> None:
    folder.mkdir()
    for kind, text in files.items():
        (folder / f"{kind}.yaml").write_text(dedent(text).lstrip("\n"), encoding="utf-8")


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """The scheme of 2023; a change in July, under which a fact has no 分; and 2024 with one aid and one fact more."""
    found = tmp_path_factory.mktemp("policies")
    shutil.copytree(ROOT / "policies" / "2023", found / "2023", ignore=shutil.ignore_patterns("cases*", "baseline*"))
    _write(
        found / "2023-07",
        policy="extends: 2023\nin_force:\n  from: 2023-07-01",
        facts="facts:\n  因病支出:\n    step: 1",
        figures="figures:\n  意外救助封顶:\n    value: 12000",
    )
    _write(
        found / "2024",
        policy="extends: 2023\nyear: 2024\nin_force:\n  from: 2024-01-01\n  until: 2024-12-31",
        facts="""
            facts:
              慰问次数:
                kind: count
                unit: 人
                meaning: 慰问次数
                at_least: 0
                at_most: 9
                step: 1
                when_absent: 0
            """,
        figures="""
            figures:
              慰问标准:
                value: 100.5
                unit: 元/年/人
                because: 试
            """,
        rules="""
            categories:
              临时困难职工:
                when: 慰问次数 >= 1
                because: 试
                aids:
                  慰问:
                    at_most: 慰问标准 * 慰问次数
                    because: 试
            """,
    )
    return versions_of(found)


def versions_of(folder: Path) -> Versions:
    """The policies in `folder`, loaded."""
    timeline = engine.read_timeline(folder)
    return Versions(timeline, {version: engine.load(version.folder) for version in timeline.versions})


HEADER = (*COLUMNS, "慰问次数")


def rows(count: int, seed: int) -> Iterator[str]:
    """The lines of a table with days of every kind; every third row is unusual, some have the ID number of another."""
    random = Random(seed)
    every = ordinary(count)
    for at, row in enumerate(every):
        cells = {**dict(zip(COLUMNS, row, strict=True)), "慰问次数": random.choice(["", "0", "2", "十"])}
        cells["核算日期"] = random.choice(DAYS)
        if at % 9 == 4:
            cells["身份证号"] = dict(zip(COLUMNS, every[at - 2], strict=True))["身份证号"]
        yield spoilt(cells, random.choice(KINDS), random) if at % 3 == 0 else ",".join(cells.values())


def csv(path: Path, lines: Sequence[str], end: str = "\r\n", encoding: str = "utf-8") -> Path:
    """A CSV file of `lines` below the header."""
    path.write_bytes(end.join([",".join(HEADER), *lines, ""]).encode(encoding))
    return path


def run(
    policies: Path | Versions, source: Path, folder: Path, algebra: str, ending: str = "", **options: object
) -> ByDate:
    """A run whose files stand in `folder`, all called alike whatever the algebra."""
    folder.mkdir(exist_ok=True)
    target = folder / f"out{ending or source.suffix}"
    return engine.evaluate_by_date(policies, source, target, today=TODAY, algebra=algebra, **options)


def differences(
    policies: Path | Versions, source: Path, folder: Path, ending: str = "", **options: object
) -> list[str]:
    """The files and counts in which the two algebras do not come to the same."""
    exact, columns = (run(policies, source, folder / part, part, ending, **options) for part in ("exact", "columns"))
    assert (exact.algebra, columns.algebra) == ("exact", "columns")
    found = [
        f"{name}: {one} / {other}"
        for name, one, other in zip(("rows", *map(str, range(9))), _told(exact), _told(columns), strict=False)
        if one != other
    ]
    names = {path.name for part in ("exact", "columns") for path in (folder / part).iterdir()}
    for name in sorted(names):
        one, other = (folder / part / name for part in ("exact", "columns"))
        if not (one.exists() and other.exists()) or _content(one) != _content(other):
            found.append(name)
    assert len(names) >= 2
    return found


def _told(result: ByDate) -> list[object]:
    whole = (result.read, result.decided, result.rejected, result.astray, result.problems)
    names = [each.name for each in fields(Summary) if each.name != "algebra"]
    values = [[getattr(part.summary, name) for name in names] for part in result.parts]
    assert {part.summary.algebra for part in result.parts} <= {result.algebra}
    return [whole, *([list(value.items()) if isinstance(value, dict) else value for value in part] for part in values)]


def _content(path: Path) -> object:
    if path.suffix == ".xlsx":
        return [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]
    if not path.name.endswith(".manifest.json"):
        return path.read_bytes()
    content = json.loads(path.read_bytes())
    del content["algebra"], content["written"]
    if path.name.endswith(".xlsx.manifest.json"):
        del content["result"], content["rejects"]
    return json.dumps(content)


# The same bytes ------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "end", "encoding"),
    [(700, "\r\n", "utf-8"), (6_000, "\n", "utf-8-sig"), (1 << 22, "\n", "utf-8"), (3_000, "\r\n", "gb18030")],
)
def test_unusual_rows_of_several_versions_come_to_the_same_bytes(
    size: int, end: str, encoding: str, policies: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", size)
    source = csv(tmp_path / "rows.csv", list(rows(130, seed=size)), end, encoding)
    assert differences(policies, source, tmp_path, first=3) == []
    result = run(policies, source, tmp_path / "columns", "columns")
    assert [part.version.name for part in result.parts] == ["2023", "2023-07", "2024"]
    assert all(part.summary.decided and part.summary.rejected for part in result.parts) and result.astray
    assert result.parts[0].summary.encoding == ("gb18030" if encoding == "gb18030" else encoding)


@pytest.mark.parametrize("encoding", [None, "gb18030"])
def test_an_encoding_that_is_named_comes_to_the_same_bytes(encoding: str, policies: Versions, tmp_path: Path) -> None:
    source = csv(tmp_path / "rows.csv", list(rows(30, seed=1)), encoding="gb18030")
    assert differences(policies, source, tmp_path, encoding=encoding, language="zh_CN") == []


def test_plain_rows_in_blocks_of_one_version_and_of_several_come_to_the_same_bytes(
    policies: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", 2_000)
    made = ordinary(150)
    days = [*["2023-05-01"] * 50, *["2023-05-01", "2023-09-01", "2024-09-01"] * 20, *["2024-09-01"] * 40]
    at = COLUMNS.index("核算日期")
    lines = [",".join([*row[:at], day, *row[at + 1 :], "1"]) for row, day in zip(made, days, strict=True)]
    assert differences(policies, csv(tmp_path / "rows.csv", lines), tmp_path) == []


def test_a_blank_that_leads_to_no_version_is_told_as_a_blank(tmp_path: Path) -> None:
    at = COLUMNS.index("核算日期")
    lines = [
        ",".join([*row[:at], day, *row[at + 1 :], ""]) for row, day in zip(ordinary(2), ("", "2030-01-01"), strict=True)
    ]
    source = csv(tmp_path / "rows.csv", lines)
    result = engine.evaluate_by_date(ROOT / "policies", source, today=datetime.date(2024, 5, 2))
    stands = "In force are 2023 (2023-01-01–2023-12-31)."
    assert [problem.text() for problem in result.problems] == [
        f"{source}:2:核算日期: No day is given, which is taken as 2024-05-02: no policy is in force then. {stands} "
        "Fill it in, or add the policy of that day.",
        f"{source}:3:核算日期: No policy is in force on 2030-01-01. {stands} "
        "Correct the day, or add the policy of that day.",
    ]


def test_one_version_alone_comes_to_what_evaluate_gives(tmp_path: Path) -> None:
    source = ROOT / "examples" / "households-2023-with-mistakes.csv"
    result = engine.evaluate_by_date(ROOT / "policies", source, tmp_path / "one.csv", today=TODAY, algebra="columns")
    assert len(result.parts) == 1 and result.decided > 0
    engine.evaluate(scheme(), source, tmp_path / "other.csv", today=TODAY, algebra="columns")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_a_file_of_rows_astray_alone_and_one_of_a_header_alone_come_to_the_same_bytes(
    policies: Versions, tmp_path: Path
) -> None:
    astray = [",".join([*row[:1], "1999-01-01", *row[2:], ""]) for row in ordinary(20)]
    assert COLUMNS[1] == "核算日期"
    for name, lines in (("astray", astray), ("empty", []), ("ragged", ["x,y"] * 20), ("blank", [","] * 3)):
        (tmp_path / name).mkdir()
        source = csv(tmp_path / f"{name}.csv", lines)
        assert differences(policies, source, tmp_path / name) == []
        assert run(policies, source, tmp_path / name / "columns", "columns").parts == ()


def test_a_version_that_only_a_broken_row_names_gives_no_columns(policies: Versions, tmp_path: Path) -> None:
    good, other, *_ = ordinary(2)
    lines = [
        ",".join(["a", "2023-05-01", *good[2:], ""]),
        ",".join(["b", "2024-05-01", *other[2:], "", "one too many"]),
    ]
    source = csv(tmp_path / "rows.csv", lines)
    assert differences(policies, source, tmp_path) == []
    result = run(policies, source, tmp_path / "columns", "columns")
    assert [part.version.name for part in result.parts] == ["2023"] and result.astray == 1
    assert "慰问下限" not in (tmp_path / "columns" / "out.csv").read_text(encoding="utf-8-sig")


def test_columns_without_a_heading_and_reasons_of_an_earlier_run_come_to_the_same_bytes(
    policies: Versions, tmp_path: Path
) -> None:
    lines = [
        (*row[:1], DAYS[at % len(DAYS)], *row[2:], " " if at % 5 else "x", "", "旧的原因")
        for at, row in enumerate(ordinary(60))
    ]
    source = table(tmp_path / "rows.csv", lines, header=(*COLUMNS, "", " ", "问题"))
    assert differences(policies, source, tmp_path) == []


def test_a_table_without_a_day_is_all_of_today(policies: Versions, tmp_path: Path) -> None:
    source = table(
        tmp_path / "rows.csv", [(row[0], *row[2:]) for row in ordinary(12)], header=(COLUMNS[0], *COLUMNS[2:])
    )
    assert differences(policies, source, tmp_path) == []
    result = run(policies, source, tmp_path / "columns", "columns")
    assert [(part.version.name, part.summary.read) for part in result.parts] == [("2023-07", 12)]


# What is unique is so in a year ------------------------------------------------------------


def test_a_household_stands_once_in_each_year(
    policies: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "BLOCK_BYTES", 900)
    row = dict(zip(COLUMNS, ordinary(1)[0], strict=True))
    others = [{**dict(zip(COLUMNS, other, strict=True)), "核算日期": "2023-05-01"} for other in ordinary(20, seed=3)]
    own = {**row, "身份证号": "990101198503070017"}
    days = ("2023-05-01", "2023-09-01", "2024-05-01", "1999-01-01")
    same = [{**own, "编号": day, "核算日期": day} for day in days]
    lines = [",".join([*cells.values(), ""]) for cells in (*same, *others)]
    source = csv(tmp_path / "rows.csv", [*lines, lines[0] + ",too many"])
    assert differences(policies, source, tmp_path) == []
    told = (tmp_path / "columns" / "out.rejects.csv").read_text(encoding="utf-8-sig")
    assert (
        told.count("“990101198503070017” stands in 2 rows.") == 2
    )  # in 2023; the one of 2024 is alone, the broken one none
    result = (tmp_path / "columns" / "out.csv").read_text(encoding="utf-8-sig")
    assert result.count("990101198503070017") == 1 and "\n2024-05-01,2024-05-01" in result


# Other formats ------------------------------------------------------------


def _records(policies: Versions, folder: Path, count: int = 120) -> list[dict[str, str]]:
    source = csv(folder / "plain.csv", [line for line in rows(count, seed=5) if not set('"\r\x01') & set(line)])
    found = open_source(source)
    return [dict(zip(found.header, map(str, one.cells), strict=True)) for one in found.records() if not one.problem]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".xlsx"])
def test_rows_of_jsonl_come_to_the_same_bytes(ending: str, policies: Versions, tmp_path: Path) -> None:
    made = [
        {name: int(cell) if cell.isdigit() and name != "身份证号" else cell for name, cell in record.items()}
        for record in _records(policies, tmp_path)
    ]
    made += [
        {"核算日期": 20230501},
        {"核算日期": None, "家庭人口": 3},
        {"核算日期": True},
        {},
        {"核算日期": ["2023-01-01"]},
    ]
    source = tmp_path / "rows.jsonl"
    lines = [json.dumps(record, ensure_ascii=False) for record in made]
    source.write_text("\n".join([*lines, "{", "", lines[0]]), encoding="utf-8")
    assert differences(policies, source, tmp_path, ending) == []


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_rows_of_a_workbook_come_to_the_same(ending: str, policies: Versions, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for at, record in enumerate(_records(policies, tmp_path, 60)):
        cells: list[object] = [record[name] for name in HEADER]
        if at % 4 == 1:
            cells[1] = datetime.datetime(2023 + at % 3, 5, 6)
        sheet.append(cells)
    book.save(tmp_path / "rows.xlsx")
    assert differences(policies, tmp_path / "rows.xlsx", tmp_path, ending) == []


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_rows_of_parquet_come_to_the_same_bytes(ending: str, policies: Versions, tmp_path: Path) -> None:
    made = pl.DataFrame(_records(policies, tmp_path))
    made.with_columns(
        pl.when(pl.col("核算日期") == "").then(None).otherwise(pl.col("核算日期")).alias("核算日期")
    ).write_parquet(tmp_path / "rows.parquet")
    assert differences(policies, tmp_path / "rows.parquet", tmp_path, ending) == []


def test_days_of_parquet_come_to_the_same_bytes(policies: Versions, tmp_path: Path) -> None:
    days = [datetime.date(2022 + at % 4, 1 + at % 12, 2) if at % 7 else None for at in range(40)]
    made = pl.DataFrame([dict(zip(COLUMNS, row, strict=True)) for row in ordinary(40)])
    made.with_columns(pl.Series("核算日期", days)).write_parquet(tmp_path / "rows.parquet")
    assert differences(policies, tmp_path / "rows.parquet", tmp_path, ".csv") == []


def test_a_result_in_parquet_holds_what_a_result_in_csv_does(policies: Versions, tmp_path: Path) -> None:
    source = csv(tmp_path / "rows.csv", list(rows(150, seed=9)))
    run(policies, source, tmp_path, "exact", ".csv")
    run(policies, source, tmp_path, "columns", ".parquet")
    typed = parquet.read_table(tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        texts = pl.read_csv(stream.read().encode(), infer_schema=False)
    assert typed.column_names == texts.columns and typed.num_rows == texts.height > 40
    kinds = {str(typed.schema.field(name).type) for name in ("合计", "慰问", "意外救助上限")}
    assert all(kind.startswith("decimal128") for kind in kinds)
    for name in typed.column_names:
        told = [_plain(value) for value in typed.column(name).to_pylist()]
        assert told == [_unmarked(text) for text in texts[name].fill_null("").to_list()], name


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "").isdigit() else text


def _unmarked(text: str) -> str:
    return _plain(text.removeprefix("'"))


def test_parquet_is_written_by_columns_only(policies: Versions, tmp_path: Path) -> None:
    with pytest.raises(engine.TableError) as caught:
        run(policies, ROOT / "examples" / "households-2023.csv", tmp_path / "exact", "exact", ".parquet")
    assert str(caught.value).endswith(
        "Parquet is written by whole columns only. Decide by columns, or write the result as CSV."
    )
    assert list((tmp_path / "exact").iterdir()) == []


# Versions that read other columns, and such as columns cannot compute ------------------------------------------------------------


def small(folder: Path, name: str, year: int, day: str, *, facts: str = "", rules: str = "") -> None:
    """A policy of a year whose reference date is the fact `day`, with the output `paid`."""
    (folder / name).mkdir(parents=True)
    policy = f"""
        title: A small policy {year}
        year: {year}
        issuer: The office
        language: en
        in_force: {{from: {year}-01-01, until: {year}-12-31}}
        reference_date: {day}
        units: {{money: [GBP], periods: [year, month], counts: [person, share]}}
    """
    own = f"facts:\n  {day}:\n    kind: date\n    meaning: the day\n" + (facts or number("size"))
    paid = rules or "rules:\n  paid:\n    is: size / 3\noutputs:\n  - paid\n"
    written(folder / name, policy=policy, facts=own, rules=paid)


def test_versions_may_read_their_days_in_columns_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    small(folder, "2024", 2024, "day")
    small(folder, "2025", 2025, "when", rules="rules:\n  more:\n    is: size * 2\noutputs:\n  - more\n")
    days = [
        ("2024-02-01", ""),
        ("", "2025-02-01"),
        ("2024-02-01", "2025-02-01"),
        ("2025-02-01", "2024-02-01"),
        ("", ""),
        ("2024-03-01", "x"),
        ("2024-02-01", ""),
    ]
    source = tmp_path / "rows.csv"
    lines = [f"{at},{one},{other}" for at, (one, other) in enumerate(days, 7)]
    source.write_text("\n".join(["size,day,when", *lines, ""]), encoding="utf-8")
    assert differences(folder, source, tmp_path) == []
    header, *told = (tmp_path / "columns" / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    names = header.split(",")
    assert names[:6] == ["size", "day", "when", "paid", "more", "clauses"]
    assert [line.split(",")[:5] for line in told] == [
        ["7", "2024-02-01", "", "7/3", ""],
        ["8", "", "2025-02-01", "", "16"],
        ["12", "2024-03-01", "x", "4", ""],
        ["13", "2024-02-01", "", "13/3", ""],
    ]
    reasons = (tmp_path / "columns" / "out.rejects.csv").read_text(encoding="utf-8-sig")
    assert "More than one policy decides this row: 2024, 2025. Correct the days in the row." in reasons


def money(step: str) -> str:
    """A fact that is money in steps of `step`."""
    bounds = f"    at_least: 0\n    at_most: 1000\n    step: {step}\n"
    return f"  size:\n    kind: money\n    unit: GBP\n    meaning: money\n{bounds}"


def test_amounts_are_written_with_the_places_of_the_finest_version(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    half = "rules:\n  paid:\n    is: size / 2\noutputs:\n  - paid\n"
    small(folder, "2024", 2024, "day", facts=money("1"), rules=half)
    small(folder, "2025", 2025, "day", facts=money("0.01"), rules=half)
    source = tmp_path / "rows.csv"
    source.write_text("size,day\n5,2024-02-01\n5,2025-02-01\n6,2024-02-01\n0.01,2025-02-01\n", encoding="utf-8")
    assert differences(folder, source, tmp_path) == []
    told = (tmp_path / "columns" / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert [line.split(",")[2] for line in told] == ["2.50", "2.50", "3", "0.005"]


@pytest.mark.parametrize(
    ("rules", "kind", "shown"),
    [
        (("size * 2", "size / 4"), "decimal128(38, 2)", ["10", "1.25", "12", "1.5"]),
        (("size * 2", "size / 7"), "string", ["10", "5/7", "12", "6/7"]),
        (('"yes" if size > 5 else "no"', "size / 4"), "string", ["no", "1.25", "yes", "1.5"]),
        (
            ('"yes" if size > 5 else "no"', '"much" if size > 5 else "little"'),
            "string",
            ["no", "little", "yes", "much"],
        ),
        (("size > 5", "size > 6"), "bool", ["False", "False", "True", "False"]),
        (("size > 5", "size"), "string", ["false", "5", "true", "6"]),
    ],
)
def test_what_versions_give_in_other_kinds_comes_into_one_column(
    rules: tuple[str, str], kind: str, shown: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    for year, own in zip((2024, 2025), rules, strict=True):
        small(folder, str(year), year, "day", rules=f"rules:\n  paid:\n    is: {own!r}\noutputs:\n  - paid\n")
    source = tmp_path / "rows.csv"
    source.write_text("size,day\n5,2024-02-01\n5,2025-02-01\n6,2024-02-01\n6,2025-02-01\n", encoding="utf-8")
    for ending in (".csv", ".jsonl"):
        assert differences(folder, source, tmp_path, ending) == []
    run(folder, source, tmp_path / "typed", "columns", ".parquet")
    column = parquet.read_table(tmp_path / "typed" / "out.parquet").column("paid")
    assert (str(column.type), [_plain(value) for value in column.to_pylist()]) == (kind, shown)


LARGE = "rules:\n  large:\n    is: size * size * size\noutputs:\n  - large\n"


def test_where_a_version_cannot_be_computed_by_columns_the_run_is_exact_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    small(folder, "2024", 2024, "day")
    small(folder, "2025", 2025, "day", facts=number("size", at_most=10**14), rules=LARGE)
    source = tmp_path / "rows.csv"
    source.write_text("size,day\n5,2024-02-01\n6,2025-02-01\n", encoding="utf-8")
    result = engine.evaluate_by_date(folder, source, tmp_path / "out.csv", today=TODAY)
    assert (result.algebra, result.decided) == ("exact", 2)
    assert result.because is not None
    assert result.because.text("en").startswith("2025: columns cannot compute the policy: ")
    assert [part.summary.because for part in result.parts] == [result.because] * 2
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_bytes())
    assert (manifest["algebra"], manifest["algebra_because"]) == ("exact", result.because.text("en"))
    with pytest.raises(engine.PolicyError):
        engine.evaluate_by_date(folder, source, tmp_path / "out.csv", today=TODAY, algebra="columns")
    source.write_text("size,day\n5,2024-02-01\n", encoding="utf-8")  # a version that decides no row is not asked
    assert engine.evaluate_by_date(folder, source, today=TODAY).algebra == "columns"


def test_without_polars_the_run_is_exact_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    source = ROOT / "examples" / "households-2023.csv"
    result = engine.evaluate_by_date(ROOT / "policies", source, tmp_path / "out.csv", today=TODAY)
    assert (result.algebra, result.decided) == ("exact", 30)
    assert result.because is not None and result.because.text("en") == "columns need the package polars"
    with pytest.raises(engine.TableError, match="which is not installed"):
        engine.evaluate_by_date(ROOT / "policies", source, today=TODAY, algebra="columns")


def test_a_run_over_a_share_decides_its_rows_alone(tmp_path: Path) -> None:
    source = open_source(table(tmp_path / "rows.csv", [*ordinary(30), ("broken",)]))
    every = tuple(range(len(COLUMNS)))
    even = Split(source, every, (0,), 2, lambda cells: ord(str(cells[0])[-1]) % 2)
    found = []
    for parts in ([0], [1], [0, 1]):
        share = Share(even, parts)
        made = Streaming(scheme()).begin
        both = [Run(scheme(), share, Intake(scheme(), TODAY), "en", by_columns=begin) for begin in (made, None)]
        for one in both:
            one.all(99, None)
        assert both[0].summary.first == both[1].summary.first
        found.append([row for row, _ in both[0].summary.first])
    assert found[0] and found[1] and sorted(found[0] + found[1]) == found[2]
    assert {row % 2 for row in found[0]} == {0} and {row % 2 for row in found[1]} == {1}


# The command ------------------------------------------------------------


@pytest.mark.parametrize("algebra", ["exact", "columns"])
def test_the_command_takes_an_algebra_and_names_it(
    algebra: str, tmp_path: Path, bangfu: Callable[..., tuple[int, str, str]]
) -> None:
    folder = tmp_path / "p"
    small(folder, "2024", 2024, "day")
    small(folder, "2025", 2025, "day")
    source = tmp_path / "rows.csv"
    source.write_text("size,day\n5,2024-02-01\n6,2025-02-01\n7,2025-02-01\n", encoding="utf-8")
    run = ("evaluate", source, "--by-date", "--policies", folder, "--algebra", algebra)
    code, out, _ = bangfu(*run)
    assert code == 0 and out.count(f", algebra {algebra}, ") == 2
    assert [line for line in out.splitlines() if line.startswith(("2  ", "3  ", "4  "))] == [
        "2    5/3",
        "3    2",
        "4    7/3",
    ]
    assert bangfu(*run, "-o", tmp_path / "out.csv")[0] == 0
    assert json.loads((tmp_path / "out.csv.manifest.json").read_bytes())["algebra"] == algebra
    code, out, _ = bangfu("verify", tmp_path / "out.csv", "--policies", folder)
    assert code == 0 and "every byte is the same; 3 rows decided again, 0 set aside again." in out
