"""The persons of a household in files: as lists, as a table of their own, as a sheet; never silently fewer of them."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import small_policies as small
from click.testing import CliRunner

import engine
from cli import cli
from engine import HouseholdError, Policy, PolicyError, Summary, TableError
from engine.tables import open_source

SCHOOL = Path(__file__).parent / "school"
"""A made-up policy: a household has up to three students, with a school, a fee, and perhaps a number of their own."""

ONE, TWO, THREE, NOBODY = "990101198503070017", "990101199001010015", "990101199002020013", "990101199009090019"
HOUSEHOLDS = f"身份证号,家庭年收入\n{ONE},20000\n{TWO},30000\n{THREE},40000\n"
STUDENTS = f"身份证号,学籍号,学段,学费,寄宿\n{ONE},A1,大学,5000,\n{TWO},A2,高中,1000.5,是\n{ONE},A3,高中,9000,是\n"
NESTED = (
    f'{{"身份证号": "{ONE}", "家庭年收入": 20000, "在学子女": ['
    '{"学籍号": "A1", "学段": "大学", "学费": 5000}, {"学籍号": "A3", "学段": "高中", "学费": 9000, "寄宿": true}]}\n'
    f'{{"身份证号": "{TWO}", "家庭年收入": 30000, "在学子女": ['
    '{"学籍号": "A2", "学段": "高中", "学费": 1000.5, "寄宿": true}]}\n'
    f'{{"身份证号": "{THREE}", "家庭年收入": 40000}}\n'
)
"""The same three households: 3000 + 1700.5, 1000.5 and nothing."""
AMOUNTS = [Fraction("4700.5"), Fraction("1000.5"), 0]


@pytest.fixture(scope="module")
def school() -> Policy:
    return engine.load(SCHOOL)


def changed(folder: Path, *changes: tuple[str, str]) -> Policy:
    """The policy with other words in its facts."""
    copy = folder / "2023"
    shutil.copytree(SCHOOL, copy)
    facts = copy / "facts.yaml"
    text = facts.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    facts.write_text(text, encoding="utf-8")
    return engine.load(copy)


NEEDED = ("at_most: 3", "at_least: 1\n    at_most: 3")
BY_NUMBER = ("at_most: 3", "joined_by: 户号\n    at_most: 3")


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def cells(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


def run(policy: Policy, source: Path, students: Path | None = None, **options: Any) -> tuple[Summary, list[object]]:
    """The summary, and the aid of each household decided."""
    decided: list[object] = []

    def keep(record: object, decision: engine.Decision) -> None:
        decided.append(dict(decision.outputs)["助学金"])

    files = {} if students is None else {"在学子女": students}
    return engine.evaluate(policy, source, persons=files, each=keep, **options), decided


def two(policy: Policy, folder: Path, households: str, students: str) -> tuple[Summary, list[object]]:
    """A run over two CSV files."""
    return run(policy, file(folder, "households.csv", households), file(folder, "students.csv", students))


def decisions(policy: Policy, source: Path, persons: Mapping[str, Path]) -> list[engine.Decision]:
    found: list[engine.Decision] = []
    engine.evaluate(policy, source, persons=persons, each=lambda _, decision: found.append(decision))
    return found


def told(summary: Summary, folder: Path) -> list[str]:
    return [problem.text().replace(f"{folder}/", "") for problem in summary.problems]


def refused(policy: Policy, source: Path, students: Path | None = None) -> list[str]:
    """The problems that keep a run from beginning."""
    with pytest.raises((HouseholdError, TableError)) as caught:
        run(policy, source, students)
    return [problem.text().replace(f"{source.parent}/", "") for problem in caught.value.problems]


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


# Lists in the household's own row


def test_a_list_of_objects_in_jsonl_is_the_persons(school: Policy, tmp_path: Path) -> None:
    summary, decided = run(school, file(tmp_path, "h.jsonl", NESTED))
    assert decided == AMOUNTS
    assert (summary.problems, summary.not_given, summary.persons) == ([], (), {})


def test_numbers_in_a_list_are_exact(school: Policy, tmp_path: Path) -> None:
    source = open_source(file(tmp_path, "h.jsonl", NESTED), groups=("在学子女",))
    people = [record.cells[2] for record in source.records()]
    assert people[1] == [{"学籍号": "A2", "学段": "高中", "学费": Fraction("1000.5"), "寄宿": True}]
    assert people[2] is None


def test_a_list_in_yaml_is_the_persons(school: Policy, tmp_path: Path) -> None:
    text = (
        "家庭年收入: 20000\n在学子女:\n  - 学段: 大学\n    学费: 5,000\n  - 学段: 高中\n    学费: 900\n    寄宿: 是\n"
    )
    summary, decided = run(school, file(tmp_path, "h.yaml", text))
    assert (decided, summary.problems) == ([3900], [])


def test_an_empty_list_in_yaml_is_nobody(school: Policy, tmp_path: Path) -> None:
    assert run(school, file(tmp_path, "h.yaml", "家庭年收入: 20000\n在学子女:\n"))[1] == [0]


def test_decide_takes_lists_of_mappings(school: Policy) -> None:
    people = [{"学段": "大学", "学费": "5000"}, {"就读阶段": "高中", "学费": 900, "寄宿": True}]
    decision = engine.decide(school, {"家庭年收入": 20000, "在学子女": people})
    assert decision.names["助学金"] == 3900


def test_decide_refuses_a_person_who_is_listed_twice(school: Policy) -> None:
    people = [{"学段": "大学", "学费": 1, "学籍号": "A1"}, {"学段": "高中", "学费": 1, "学籍号": " A1 "}]
    with pytest.raises(HouseholdError) as caught:
        engine.decide(school, {"家庭年收入": 20000, "在学子女": people})
    assert str(caught.value) == (
        "在学子女:1:学籍号: “A1” is listed 2 times. Expected: each “学籍号” once. Keep it where it is right.\n"
        "在学子女:2:学籍号: “A1” is listed 2 times. Expected: each “学籍号” once. Keep it where it is right."
    )


def test_a_list_elsewhere_is_a_problem(school: Policy, tmp_path: Path) -> None:
    summary, decided = run(school, file(tmp_path, "h.jsonl", '{"家庭年收入": [1], "在学子女": []}\n'))
    assert decided == []
    assert told(summary, tmp_path) == ["h.jsonl:1: “家庭年收入” holds a list or an object. Only 在学子女 list persons."]


def test_a_person_with_a_key_twice_or_half_a_character_is_a_problem(school: Policy, tmp_path: Path) -> None:
    lines = (
        '{"在学子女": [{"学费": 1, "学费": 2}]}\n{"在学子女": [{"学段": "\\ud800"}]}\n{"在学子女": [{"\\u0000": 1}]}\n'
    )
    summary, _ = run(school, file(tmp_path, "h.jsonl", '{"家庭年收入": 1}\n' + lines), target=tmp_path / "out.jsonl")
    assert told(summary, tmp_path) == [
        "h.jsonl:2: The key “学费” stands twice in the line. Keep one of the two.",
        "h.jsonl:3: “在学子女:学段” holds half a character, or a NUL character. Write the text anew.",
        "h.jsonl:4: A key holds half a character, or a NUL character. Write it anew.",
    ]


def test_a_list_within_a_person_is_a_problem(school: Policy, tmp_path: Path) -> None:
    summary, _ = run(school, file(tmp_path, "h.jsonl", '{"家庭年收入": 1, "在学子女": [{"学段": ["高中"]}]}\n'))
    assert told(summary, tmp_path) == [
        "h.jsonl:1: “在学子女:学段” holds a list or an object. Write a number, a text, true, false or null."
    ]


@pytest.mark.parametrize("persons", ['{"学段": "高中"}', "[1]", "2", '"甲"'])
def test_what_is_no_list_of_persons_is_a_problem(school: Policy, tmp_path: Path, persons: str) -> None:
    summary, decided = run(school, file(tmp_path, "h.jsonl", f'{{"家庭年收入": 1, "在学子女": {persons}}}\n'))
    assert decided == []
    assert told(summary, tmp_path) == [
        "h.jsonl:1:在学子女: “在学子女” is no list of persons. "
        "List each person below it with “- ” and the person's facts."
    ]


def test_a_mapping_in_yaml_where_a_list_belongs_is_a_problem(school: Policy, tmp_path: Path) -> None:
    summary, _ = run(school, file(tmp_path, "h.yaml", "家庭年收入: 1\n在学子女:\n  学段: 高中\n"))
    assert told(summary, tmp_path) == [
        "h.yaml:2:在学子女: “在学子女” is no list of persons. "
        "List each person below it with “- ” and the person's facts."
    ]


def test_a_list_under_a_fact_in_yaml_is_a_problem(school: Policy, tmp_path: Path) -> None:
    assert refused(school, file(tmp_path, "h.yaml", "家庭年收入:\n  - 1\n")) == [
        "h.yaml:2:3: “家庭年收入” has more than one value. Only 在学子女 list persons. Write one value behind the colon."
    ]


def test_a_bad_cell_of_a_listed_person_names_the_line_the_person_and_the_fact(school: Policy, tmp_path: Path) -> None:
    line = '{"家庭年收入": 1, "在学子女": [{"学段": "高中", "学费": 1}, {"学段": "小学", "学费": -1}]}\n'
    summary, decided = run(school, file(tmp_path, "h.jsonl", line))
    assert decided == []
    assert told(summary, tmp_path) == [
        "h.jsonl:1:在学子女:2:学段: “小学” is not one of the choices. The choices are 高中, 大学. Write one of these.",
        "h.jsonl:1:在学子女:2:学费: “-1” is outside the range. "
        "Expected: a number from 0 to 100000 in steps of 0.01 (元/年). Correct the number.",
    ]


def test_a_name_nearly_a_fact_of_a_listed_person_is_a_problem(school: Policy, tmp_path: Path) -> None:
    line = '{"家庭年收入": 1, "在学子女": [{"学段": "高中", "学费": 1, "学籍": "A1"}]}\n'
    summary, _ = run(school, file(tmp_path, "h.jsonl", line))
    assert told(summary, tmp_path) == ["h.jsonl:1:在学子女:1:学籍: No fact is called “学籍”. Did you mean “学籍号”?"]


def test_other_names_of_a_listed_person_are_passed_over_as_columns_are(school: Policy, tmp_path: Path) -> None:
    line = '{"家庭年收入": 1, "在学子女": [{"姓名": "甲", "学段": "高中", "学费": 1}]}\n'
    assert run(school, file(tmp_path, "h.jsonl", line))[1] == [1]


def test_too_many_listed_persons_are_a_problem(school: Policy, tmp_path: Path) -> None:
    people = json.dumps([{"学段": "高中", "学费": 1}] * 4, ensure_ascii=False)
    summary, _ = run(school, file(tmp_path, "h.jsonl", f'{{"家庭年收入": 1, "在学子女": {people}}}\n'))
    assert told(summary, tmp_path) == [
        "h.jsonl:1:在学子女: “在学子女” has 4 persons. Expected: 0 to 3. Correct the list."
    ]


def test_a_person_listed_in_two_households_is_a_problem_of_both(school: Policy, tmp_path: Path) -> None:
    person = '{"学籍号": "A1", "学段": "高中", "学费": 1}'
    lines = f'{{"家庭年收入": 1, "在学子女": [{person}]}}\n{{"家庭年收入": 2}}\n{{"家庭年收入": 3, "在学子女": [{person}]}}\n'
    summary, decided = run(school, file(tmp_path, "h.jsonl", lines))
    expected = "“A1” is listed 2 times. Expected: each “学籍号” once; it stands in h.jsonl, rows 1, 3. Keep it where it is right."
    assert decided == [0]
    assert told(summary, tmp_path) == [f"h.jsonl:{row}:在学子女:1:学籍号: {expected}" for row in (1, 3)]


def test_outputs_and_rejects_keep_the_list_as_it_was(school: Policy, tmp_path: Path) -> None:
    good = '[{"学段": "高中", "学费": 1000.5, "寄宿": null, "姓名": ""}]'
    bad = '[{"学段": "高中", "学费": "多"}, {"学籍号": 7}]'
    lines = f'{{"家庭年收入": 1, "在学子女": {good}}}\n{{"家庭年收入": 2, "在学子女": {bad}}}\n'
    run(school, file(tmp_path, "h.jsonl", lines), target=tmp_path / "out.jsonl")
    assert f'"在学子女": {good}, ' in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert f'"在学子女": {bad}, ' in (tmp_path / "out.rejects.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_list_is_written_as_json_into_one_cell_of_a_table(school: Policy, tmp_path: Path, ending: str) -> None:
    run(school, file(tmp_path, "h.jsonl", NESTED), target=tmp_path / f"out.{ending}")
    records = list(open_source(tmp_path / f"out.{ending}").records())
    assert records[1].cells[2] == '[{"学籍号": "A2", "学段": "高中", "学费": 1000.5, "寄宿": true}]'


def test_a_column_of_a_csv_named_like_a_group_is_a_problem(school: Policy, tmp_path: Path) -> None:
    assert refused(school, file(tmp_path, "h.csv", "家庭年收入,在学子女\n1,2\n")) == [
        "h.csv:1:在学子女: The column “在学子女” has the name of a group of persons. "
        "A cell here cannot hold a list of persons. Rename it. Add --persons 在学子女=FILE."
    ]


# A table of their own


def test_rows_are_joined_by_the_unique_fact_under_any_of_its_names(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, STUDENTS.replace("身份证号", "公民身份号码"))
    assert (decided, summary.problems) == (AMOUNTS, [])
    assert (summary.persons, summary.strays) == ({"在学子女": 3}, {})


def test_the_order_of_rows_of_either_table_changes_no_answer(school: Policy, tmp_path: Path) -> None:
    households, students = HOUSEHOLDS.splitlines(), STUDENTS.splitlines()
    turned = ["\n".join([lines[0], *reversed(lines[1:])]) for lines in (households, students)]
    assert two(school, tmp_path, *turned)[1] == AMOUNTS[::-1]


def test_a_row_is_decided_alone_as_among_others(school: Policy, tmp_path: Path) -> None:
    lines = HOUSEHOLDS.splitlines()
    for row, amount in zip(lines[1:], AMOUNTS, strict=True):
        assert two(school, tmp_path, f"{lines[0]}\n{row}\n", STUDENTS)[1] == [amount]


def test_keys_are_compared_as_their_fact_is_read(school: Policy, tmp_path: Path) -> None:
    households = "身份证号,家庭年收入\n99010119850307001X,20000\n"
    students = "身份证号,学段,学费\n'９９０１０１19850307001x ,高中,700\n"
    assert two(school, tmp_path, households, students)[1] == [700]


def test_persons_may_come_in_another_format(school: Policy, tmp_path: Path) -> None:
    students = f'{{"身份证号": "{ONE}", "学段": "高中", "学费": 1000.25}}\n'
    summary, decided = run(school, file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.jsonl", students))
    assert (decided, summary.problems) == ([Fraction("1000.25"), 0, 0], [])


def test_persons_in_gb18030_are_read(school: Policy, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(STUDENTS.encode("gb18030"))
    assert run(school, file(tmp_path, "h.csv", HOUSEHOLDS), path)[1] == AMOUNTS


def test_a_person_whose_household_is_not_in_the_table_is_told(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, f"{STUDENTS}{NOBODY},A4,高中,1,\n")
    assert (decided, summary.strays) == (AMOUNTS, {"在学子女": 1})
    assert told(summary, tmp_path) == [
        f"students.csv:5:身份证号: “{NOBODY}” is the “身份证号” of no household. "
        "Expected: one that stands in households.csv. Correct it, or add the household."
    ]


def test_a_person_without_the_key_is_told(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, f"{STUDENTS} ,A4,高中,1,\n")
    assert decided == AMOUNTS
    assert told(summary, tmp_path) == [
        "students.csv:5:身份证号: “身份证号” is blank. It says to which household the person belongs. Fill it in."
    ]


def test_a_key_that_a_spreadsheet_has_shortened_is_told(school: Policy, tmp_path: Path) -> None:
    summary, _ = two(school, tmp_path, HOUSEHOLDS, f"{STUDENTS}9.90101E+17,A4,高中,1,\n")
    assert told(summary, tmp_path) == [
        "students.csv:5:身份证号: “9.90101E+17” is a number from which a spreadsheet has cut the last digits. "
        "Expected: the number as text, with all its digits. Format the column as text and write it again."
    ]


def test_a_person_in_two_households_is_a_problem_of_both(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, STUDENTS.replace("A2", "A1"))
    expected = (
        "“A1” is listed 2 times. Expected: each “学籍号” once; it stands in students.csv, rows 2, 3. "
        "Keep it where it is right."
    )
    assert decided == [0]
    assert told(summary, tmp_path) == [f"students.csv:{row}:学籍号: {expected}" for row in (2, 3)]


def test_a_person_twice_in_one_household_is_a_problem(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, STUDENTS.replace("A3", "A1"))
    assert decided == AMOUNTS[1:]
    assert [text.partition(": ")[0] for text in told(summary, tmp_path)] == [
        "students.csv:2:学籍号",
        "students.csv:4:学籍号",
    ]


def test_a_household_with_too_many_persons_is_rejected(school: Policy, tmp_path: Path) -> None:
    more = "".join(f"{ONE},B{number},高中,1,\n" for number in range(2))
    summary, decided = two(school, tmp_path, HOUSEHOLDS, STUDENTS + more)
    assert decided == AMOUNTS[1:]
    assert told(summary, tmp_path) == [
        "households.csv:2:在学子女: “在学子女” has 4 persons. Expected: 0 to 3. Correct students.csv, rows 2, 4, 5, 6."
    ]


def test_a_household_with_too_few_persons_is_rejected(tmp_path: Path) -> None:
    summary, decided = two(changed(tmp_path, NEEDED), tmp_path, HOUSEHOLDS, STUDENTS)
    assert decided == AMOUNTS[:2]
    assert told(summary, tmp_path) == [
        "households.csv:4:在学子女: “在学子女” has 0 persons. Expected: 1 to 3. Add them to students.csv."
    ]


def test_a_bad_cell_of_a_person_rejects_the_household(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, STUDENTS.replace("9000", "九千"))
    assert decided == AMOUNTS[1:]
    assert (summary.rejected, summary.strays) == (1, {})
    assert told(summary, tmp_path) == [
        "students.csv:4:学费: “九千” is not a number. "
        "Expected: a number from 0 to 100000 in steps of 0.01 (元/年). Write the number in figures only."
    ]


def test_a_blank_that_a_person_needs_rejects_the_household(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, STUDENTS.replace("9000", ""))
    assert decided == AMOUNTS[1:]
    assert told(summary, tmp_path) == ["students.csv:4:学费: “学费” is blank. It is needed: 全年学费. Fill it in."]


def test_a_person_whose_row_is_ragged_rejects_the_household(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, f"{STUDENTS}{TWO},A4,高中\n")
    assert decided == [AMOUNTS[0], AMOUNTS[2]]
    assert told(summary, tmp_path) == [
        "students.csv:5: The record has 3 cells, the header has 5. Put a cell that holds a comma in quotes."
    ]


def test_a_row_of_persons_that_cannot_be_read_at_all_is_told(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS, f'{STUDENTS}{TWO},"A4\n')
    assert (decided, summary.strays) == ([AMOUNTS[0], AMOUNTS[2]], {})
    assert told(summary, tmp_path) == [
        "students.csv:5: The quote opened in line 5 is not closed before the file or 1000 lines end. "
        "Close it; the lines below it were read on their own."
    ]


def test_problems_of_the_household_and_of_its_persons_are_told_together(school: Policy, tmp_path: Path) -> None:
    households = HOUSEHOLDS.replace("20000", "二万")
    summary, _ = two(school, tmp_path, households, STUDENTS.replace("9000", "九千"))
    assert [text.partition(": ")[0] for text in told(summary, tmp_path)] == [
        "households.csv:2:家庭年收入",
        "students.csv:4:学费",
    ]


def test_two_households_of_one_key_are_both_rejected(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS.replace(TWO, ONE), STUDENTS.replace(TWO, ONE))
    assert decided == [0]
    assert told(summary, tmp_path) == [
        f"households.csv:{row}:身份证号: “{ONE}” stands in 2 rows. "
        "Expected: one row for each “身份证号”. Keep the right row, and remove the others."
        for row in (2, 3)
    ]


def test_a_household_without_the_key_is_rejected(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, f"{HOUSEHOLDS},50000\n", STUDENTS)
    assert decided == AMOUNTS
    assert told(summary, tmp_path) == [
        "households.csv:5:身份证号: “身份证号” is blank. By it the persons of “在学子女” find their household. Fill it in."
    ]


def test_a_broken_row_of_a_household_leaves_no_person_without_one(school: Policy, tmp_path: Path) -> None:
    summary, decided = two(school, tmp_path, HOUSEHOLDS.replace("30000", "30000,"), STUDENTS)
    assert (decided, summary.strays) == ([AMOUNTS[0], AMOUNTS[2]], {})
    assert told(summary, tmp_path) == [
        "households.csv:3: The record has 3 cells, the header has 2. Put a cell that holds a comma in quotes."
    ]


def test_a_column_nearly_a_persons_fact_is_a_problem(school: Policy, tmp_path: Path) -> None:
    students = file(tmp_path, "s.csv", STUDENTS.replace("学籍号", "学籍"))
    assert refused(school, file(tmp_path, "h.csv", HOUSEHOLDS), students) == [
        "s.csv:1:学籍: No fact is called “学籍”. It is nearly “学籍号”, and what it holds would not be counted. "
        "Correct the column's name, or give it quite another one."
    ]


def test_missing_columns_of_both_tables_are_told_together(school: Policy, tmp_path: Path) -> None:
    households, students = "编号,户主\n1,甲\n", "编号,学费\n1,2\n"
    assert refused(school, file(tmp_path, "h.csv", households), file(tmp_path, "s.csv", students)) == [
        "h.csv:1: The column “家庭年收入” is missing. It is known as 家庭年收入. Add the column.",
        "s.csv:1: The column “身份证号” is missing. It is known as 身份证号, 公民身份号码. Add the column.",
        "s.csv:1: The column “学段” is missing. It is known as 学段, 就读阶段. Add the column.",
        "h.csv:1: The column “身份证号” is missing. By it the persons of “在学子女” find their household. Add the column.",
    ]


def test_two_columns_for_one_fact_of_persons_are_a_problem(school: Policy, tmp_path: Path) -> None:
    students = file(tmp_path, "s.csv", "身份证号,学段,就读阶段,学费\n")
    assert refused(school, file(tmp_path, "h.csv", HOUSEHOLDS), students) == [
        "s.csv:1:就读阶段: The columns “学段” and “就读阶段” both bring “学段”. Keep one of the two columns."
    ]


def test_a_column_that_may_be_the_key_or_a_fact_of_the_person_is_a_problem(tmp_path: Path) -> None:
    policy = changed(
        tmp_path, ("meaning: 学生的学籍号", "meaning: 学生的学籍号\n        also_named:\n          - 身份证号")
    )
    assert refused(policy, file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", STUDENTS)) == [
        "s.csv:1:身份证号: The column “身份证号” may bring “身份证号” or “学籍号”. "
        "By “身份证号” a person finds the household. Give the column a name that only one of the two has."
    ]


def test_the_group_says_by_which_column_persons_are_joined(tmp_path: Path) -> None:
    policy = changed(tmp_path, BY_NUMBER)
    households = "户号,家庭年收入\n1,20000\n2,30000\n3,40000\n"
    students = "户号,学段,学费\n2,大学,400\n２,高中,30\n3,高中,5\n"
    assert two(policy, tmp_path, households, students)[1] == [0, 430, 5]


def test_a_joining_column_that_is_no_fact_may_not_say_the_same_twice(tmp_path: Path) -> None:
    policy = changed(tmp_path, BY_NUMBER)
    summary, decided = two(policy, tmp_path, "户号,家庭年收入\n1,20000\n1,30000\n", "户号,学段,学费\n1,高中,5\n")
    assert decided == []
    assert told(summary, tmp_path) == [
        f"households.csv:{row}:户号: “1” stands in 2 rows. "
        "Expected: one row for each “户号”. Keep the right row, and remove the others."
        for row in (2, 3)
    ]


def test_a_joining_column_must_stand_in_both_tables(tmp_path: Path) -> None:
    policy = changed(tmp_path, BY_NUMBER)
    students = file(tmp_path, "s.csv", "户号,学段,学费\n")
    assert refused(policy, file(tmp_path, "h.csv", HOUSEHOLDS), students) == [
        "h.csv:1: The column “户号” is missing. By it the persons of “在学子女” find their household. Add the column."
    ]


def test_where_nothing_says_how_persons_are_joined_it_is_a_problem(tmp_path: Path) -> None:
    policy = changed(tmp_path, ("form: id_number\n    unique: true", "form: id_number"))
    students = file(tmp_path, "s.csv", STUDENTS)
    assert refused(policy, file(tmp_path, "h.csv", HOUSEHOLDS), students) == [
        "s.csv: Nothing says by which column the persons of “在学子女” find their household. "
        "Write “joined_by” at the group in facts.yaml, or list them in each household (JSONL, YAML)."
    ]


def test_persons_may_not_be_joined_by_a_fact_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        changed(tmp_path, ("at_most: 3", "joined_by: 学籍号\n    at_most: 3"))
    assert str(caught.value).partition("facts.yaml:")[2] == (
        "19:3: “在学子女” is joined by “学籍号”, a fact of its persons. "
        "Name a fact of the household, or a column that brings no fact."
    )


def test_a_fact_may_not_also_be_named_like_a_group(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        changed(tmp_path, ("      - 公民身份号码", "      - 在学子女"))
    assert str(caught.value).partition("facts.yaml:")[2] == (
        "3:3: “在学子女” names both “身份证号” and “在学子女”. Leave the name to the group."
    )


def test_a_persons_absent_fact_may_come_from_the_household(tmp_path: Path) -> None:
    policy = changed(
        tmp_path, ("        meaning: 全年学费", "        meaning: 全年学费\n        when_absent: 家庭年收入 / 100")
    )
    assert two(policy, tmp_path, HOUSEHOLDS, STUDENTS.replace("5000", ""))[1] == [
        Fraction("1900.5"),
        Fraction("1000.5"),
        0,
    ]


# Persons given twice, or not at all


def test_a_group_that_no_file_brings_is_empty_and_said(school: Policy, tmp_path: Path) -> None:
    summary, decided = run(school, file(tmp_path, "h.csv", HOUSEHOLDS))
    assert (decided, summary.not_given) == ([0, 0, 0], ("在学子女",))


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("h.csv", "Add --persons 在学子女=FILE."),
        ("h.xlsx", "Add a sheet called “在学子女”, or add --persons 在学子女=FILE."),
        ("h.jsonl", "List them under “在学子女” in each household, or add --persons 在学子女=FILE."),
        ("h.yaml", "List them under “在学子女” in each household, or add --persons 在学子女=FILE."),
    ],
)
def test_a_group_that_may_not_be_empty_must_be_brought(tmp_path: Path, name: str, way: str) -> None:
    source = tmp_path / name
    if name == "h.xlsx":
        workbook(source, 填报=[["家庭年收入"], [1]])
    else:
        source.write_text({"csv": "家庭年收入\n1\n", "jsonl": '{"家庭年收入": 1}\n'}.get(name[2:], "家庭年收入: 1\n"))
    assert refused(changed(tmp_path, NEEDED), source) == [
        f"{name}: No persons are given for “在学子女”. Expected: 1 to 3 in each household. {way}"
    ]


def test_a_group_may_not_be_brought_twice(school: Policy, tmp_path: Path) -> None:
    students = file(tmp_path, "s.csv", STUDENTS)
    assert refused(school, file(tmp_path, "h.jsonl", NESTED), students) == [
        f"h.jsonl: The persons of “在学子女” are given twice: the column “在学子女”, {students}. "
        "Leave all of them out but one.".replace(f"{tmp_path}/", "")
    ]


def test_a_group_that_the_policy_does_not_have_is_named(school: Policy, tmp_path: Path) -> None:
    with pytest.raises(HouseholdError) as caught:
        engine.evaluate(school, file(tmp_path, "h.csv", HOUSEHOLDS), persons={"子女": tmp_path / "s.csv"})
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "s.csv: The policy has no group of persons called “子女”. Its groups are 在学子女. Name one of its groups, or none."
    )


def test_a_file_of_persons_that_is_not_there_is_told(school: Policy, tmp_path: Path) -> None:
    assert refused(school, file(tmp_path, "h.csv", HOUSEHOLDS), tmp_path / "s.csv") == [
        "s.csv: There is no such file. Check the name and the folder."
    ]


# Sheets


def test_a_sheet_called_like_the_group_needs_no_option(school: Policy, tmp_path: Path) -> None:
    source = workbook(tmp_path / "h.xlsx", 在学子女=cells(STUDENTS), 家庭=cells(HOUSEHOLDS))
    summary, decided = run(school, source)
    assert (decided, summary.problems) == (AMOUNTS, [])


def test_a_bad_cell_in_a_sheet_of_persons_names_the_sheet(school: Policy, tmp_path: Path) -> None:
    source = workbook(tmp_path / "h.xlsx", 家庭=cells(HOUSEHOLDS), 在学子女=cells(STUDENTS.replace("9000", "-1")))
    summary, decided = run(school, source)
    assert decided == AMOUNTS[1:]
    assert told(summary, tmp_path) == [
        "h.xlsx:在学子女:4:学费: “-1” is outside the range. "
        "Expected: a number from 0 to 100000 in steps of 0.01 (元/年). Correct the number."
    ]


def test_only_sheets_of_persons_are_a_problem(school: Policy, tmp_path: Path) -> None:
    assert refused(school, workbook(tmp_path / "h.xlsx", 在学子女=cells(STUDENTS))) == [
        "h.xlsx: Every visible sheet holds persons: 在学子女. "
        "A sheet of households is expected beside them. Add it, or show it where it is hidden."
    ]


def test_a_sheet_of_persons_without_headings_is_a_problem(school: Policy, tmp_path: Path) -> None:
    assert refused(school, workbook(tmp_path / "h.xlsx", 家庭=cells(HOUSEHOLDS), 在学子女=[])) == [
        "h.xlsx:在学子女:1: No heading stands here. Write the headings into the first row."
    ]


def test_a_hidden_sheet_of_persons_is_not_meant(school: Policy, tmp_path: Path) -> None:
    path = workbook(tmp_path / "h.xlsx", 家庭=cells(HOUSEHOLDS), 在学子女=cells(STUDENTS))
    book = openpyxl.load_workbook(path)
    book["在学子女"].sheet_state = "hidden"
    book.save(path)
    summary, decided = run(school, path)
    assert (decided, summary.not_given) == ([0, 0, 0], ("在学子女",))


def test_merged_cells_in_a_sheet_of_persons_reject_the_household(school: Policy, tmp_path: Path) -> None:
    path = workbook(tmp_path / "h.xlsx", 家庭=cells(HOUSEHOLDS), 在学子女=cells(STUDENTS))
    book = openpyxl.load_workbook(path)
    book["在学子女"].merge_cells("C2:C3")
    book.save(path)
    summary, decided = run(school, path)
    assert decided == [0]
    merged = "The cells C2:C3 are merged. Undo it, and write each value into every row that it holds for."
    assert told(summary, tmp_path) == [f"h.xlsx:在学子女:{row}: {merged}" for row in (2, 3)]


def test_of_a_workbook_of_persons_the_sheet_called_like_the_group_is_read(school: Policy, tmp_path: Path) -> None:
    students = workbook(tmp_path / "s.xlsx", 说明=[["x"]], 在学子女=cells(STUDENTS))
    assert run(school, file(tmp_path, "h.csv", HOUSEHOLDS), students)[1] == AMOUNTS


def test_other_sheets_beside_the_groups_follow_the_rule_for_several(school: Policy, tmp_path: Path) -> None:
    sheets = {"甲": cells(HOUSEHOLDS), "乙": [["x"]], "在学子女": cells(STUDENTS)}
    assert refused(school, workbook(tmp_path / "h.xlsx", **sheets)) == [
        "h.xlsx: Several sheets are filled in: 甲, 乙. One sheet is expected, or one of the name 填报, households. "
        "Rename the sheet that is meant, or hide or delete the others."
    ]
    named = {"households": sheets.pop("甲"), **sheets}
    assert run(school, workbook(tmp_path / "h.xlsx", **named))[1] == AMOUNTS


def test_lists_two_tables_and_two_sheets_come_to_the_same(school: Policy, tmp_path: Path) -> None:
    ways: list[tuple[Path, Mapping[str, Path]]] = [
        (file(tmp_path, "h.jsonl", NESTED), {}),
        (file(tmp_path, "h.csv", HOUSEHOLDS), {"在学子女": file(tmp_path, "s.csv", STUDENTS)}),
        (workbook(tmp_path / "h.xlsx", 填报=cells(HOUSEHOLDS), 在学子女=cells(STUDENTS)), {}),
    ]
    found = [decisions(school, source, persons) for source, persons in ways]
    assert [decision.names["助学金"] for decision in found[0]] == AMOUNTS
    assert found[0] == found[1] == found[2]


MONTHS = (
    "groups:\n",
    "groups:\n  月份:\n    meaning: 打工的月份\n    at_most: 12\n    facts:\n      工资:\n        kind: money\n        unit: 元/年\n"
    "        meaning: 当月工资\n        at_least: 0\n        at_most: 10000\n        step: 0.01\n",
)
"""A second group, which comes another way than the first."""


def test_two_groups_may_come_in_two_ways(tmp_path: Path) -> None:
    policy = changed(tmp_path, MONTHS)
    lines = f'{{"身份证号": "{ONE}", "家庭年收入": 1, "月份": [{{"工资": 7}}, {{"工资": 8.5}}]}}\n'
    students = {"在学子女": file(tmp_path, "s.csv", f"身份证号,学段,学费\n{ONE},高中,5\n")}
    text = engine.explain_row(policy, file(tmp_path, "h.jsonl", lines), persons=students).text()
    assert "  月份2：工资：8.5 元/年\n  在学子女1：学段：高中、学费：5 元/年\n" in text


def test_two_groups_may_come_in_two_sheets_and_both_go_to_the_rejects(tmp_path: Path) -> None:
    policy = changed(tmp_path, MONTHS)
    months = [["身份证号", "工资"], [ONE, 7], [TWO, -1]]
    sheets = {"在学子女": cells(STUDENTS), "户": cells(HOUSEHOLDS), "月份": months}
    summary, decided = run(policy, workbook(tmp_path / "h.xlsx", **sheets), target=tmp_path / "out.xlsx")
    assert decided == [AMOUNTS[0], AMOUNTS[2]]
    book = openpyxl.load_workbook(tmp_path / "out.rejects.xlsx")
    assert [[row[0].value for row in sheet.iter_rows(min_row=2)] for sheet in book] == [[TWO], [TWO], [TWO]]
    assert told(summary, tmp_path) == [
        "h.xlsx:月份:3:工资: “-1” is outside the range. "
        "Expected: a number from 0 to 10000 in steps of 0.01 (元/年). Correct the number."
    ]


# Files of rejects


def test_rejected_persons_go_with_their_household_and_are_decided_once_corrected(
    school: Policy, tmp_path: Path
) -> None:
    students = f"{STUDENTS}{NOBODY},A4,高中,1,\n".replace("9000", "九千")
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", students)
    summary, _ = run(school, source, persons, target=tmp_path / "out.csv")
    rejects = tmp_path / "out.rejects.在学子女.csv"
    assert summary.rejected_persons == {"在学子女": str(rejects)}
    assert [row[:4] for row in rows(rejects)] == [
        ["身份证号", "学籍号", "学段", "学费"],
        [ONE, "A1", "大学", "5000"],
        [ONE, "A3", "高中", "九千"],
        [NOBODY, "A4", "高中", "1"],
    ]
    assert [row[5].partition(": ")[0].replace(f"{tmp_path}/", "") for row in rows(rejects)] == [
        "问题",
        "",
        "s.csv:4:学费",
        "s.csv:5:身份证号",
    ]
    corrected = rejects.read_text(encoding="utf-8-sig").replace(",九千,", ",9000,").replace(NOBODY, ONE)
    again, decided = run(school, tmp_path / "out.rejects.csv", file(tmp_path, "again.csv", corrected))
    assert (decided, again.problems) == ([Fraction("4701.5")], [])


def test_a_workbook_of_rejects_holds_the_persons_in_a_sheet(school: Policy, tmp_path: Path) -> None:
    source = workbook(
        tmp_path / "h.xlsx", 填报=cells(HOUSEHOLDS), 在学子女=cells(STUDENTS.replace("高中,9000", "小学,9000"))
    )
    summary, decided = run(school, source, target=tmp_path / "out.xlsx")
    assert decided == AMOUNTS[1:]
    assert summary.rejected_persons == {"在学子女": str(tmp_path / "out.rejects.xlsx")}
    again, _ = run(school, tmp_path / "out.rejects.xlsx")
    assert [problem.text().replace(f"{tmp_path}/", "") for problem in again.problems] == [
        "out.rejects.xlsx:在学子女:3:学段: “小学” is not one of the choices. "
        "The choices are 高中, 大学. Write one of these."
    ]


def test_persons_of_two_rejected_households_of_one_key_are_set_aside_once(school: Policy, tmp_path: Path) -> None:
    source = file(tmp_path, "h.csv", HOUSEHOLDS.replace(TWO, ONE))
    run(school, source, file(tmp_path, "s.csv", STUDENTS), target=tmp_path / "out.csv")
    assert [row[1] for row in rows(tmp_path / "out.rejects.在学子女.csv")[1:]] == ["A1", "A3", "A2"]


def test_the_table_of_persons_is_never_written_over(school: Policy, tmp_path: Path) -> None:
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", STUDENTS)
    with pytest.raises(TableError) as caught:
        run(school, source, persons, target=persons)
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "s.csv: The result would be written over the table that is read. Give the result another name."
    )
    assert persons.read_text(encoding="utf-8") == STUDENTS


def test_only_the_first_persons_without_a_household_are_shown_but_all_are_counted(
    school: Policy, tmp_path: Path
) -> None:
    strays = "".join(f"{NOBODY},B{number},高中,1,\n" for number in range(60))
    summary, _ = two(school, tmp_path, HOUSEHOLDS, STUDENTS + strays)
    assert (summary.strays, len(summary.problems)) == ({"在学子女": 60}, 50)


def test_progress_never_goes_back_and_ends_at_the_whole(school: Policy, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", STUDENTS)
    run(school, source, persons, progress=lambda done, total: heard.append((done, total)))
    whole = source.stat().st_size + persons.stat().st_size
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert {total for _, total in heard} == {whole}
    assert (len(heard), heard[-1]) == (6, (whole, whole))


def test_the_manifest_names_the_table_of_persons(school: Policy, tmp_path: Path) -> None:
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", f"{STUDENTS},A4,高中,1,\n")
    run(school, source, persons, target=tmp_path / "out.csv")
    found = json.loads((tmp_path / "out.csv.manifest.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(persons.read_bytes()).hexdigest()
    assert found["persons"] == {"在学子女": {"file": "s.csv", "sha256": digest, "path": str(persons)}}
    assert (found["counts"]["persons"], found["counts"]["without_household"]) == ({"在学子女": 4}, {"在学子女": 1})


# Explanations


def explained(policy: Policy, source: Path, **options: Any) -> list[str]:
    return engine.explain_row(policy, source, **options).text().splitlines()


def test_an_explanation_tells_each_person_and_what_is_gathered(school: Policy, tmp_path: Path) -> None:
    lines = explained(school, file(tmp_path, "h.jsonl", NESTED))
    assert "  在学子女2：学籍号：A3、学段：高中、学费：9,000 元/年、寄宿：是" in lines
    assert (
        "  在学子女1：每生补助 = 学费、大学补助（学段 = “大学”成立） + 0（寄宿不成立）中取最低"
        " = 5,000、3,000（学段 = “大学”成立） + 0（寄宿不成立）中取最低 = 3,000 元/年"
    ) in lines
    assert "  子女数 = 在学子女的人数 = 2" in lines
    assert "  最高学费 = 0、学费中取最高 = 0、5,000、9,000中取最高 = 9,000 元/年" in lines


def test_an_explanation_of_nobody_says_so(school: Policy, tmp_path: Path) -> None:
    assert "  最高学费 = 0 元/年" in explained(school, file(tmp_path, "h.jsonl", NESTED), row=3)


def test_the_explanation_of_one_row_reads_the_table_of_persons(school: Policy, tmp_path: Path) -> None:
    persons = {"在学子女": file(tmp_path, "s.csv", STUDENTS)}
    explanation = engine.explain_row(school, file(tmp_path, "h.csv", HOUSEHOLDS), persons=persons, id=TWO)
    assert explanation.decision.names["助学金"] == Fraction("1000.5")
    content = json.loads(explanation.json())
    assert content["persons"]["在学子女"][0]["每生补助"] == "1000.5"


def test_the_explanation_of_a_row_with_a_bad_person_is_refused(school: Policy, tmp_path: Path) -> None:
    persons = {"在学子女": file(tmp_path, "s.csv", STUDENTS.replace("9000", "九千"))}
    with pytest.raises(HouseholdError, match=r"s\.csv:4:学费: “九千” is not a number\."):
        engine.explain_row(school, file(tmp_path, "h.csv", HOUSEHOLDS), persons=persons)


# The input sheets


def filled(path: Path, title: str, *lines: Sequence[object]) -> None:
    book = openpyxl.load_workbook(path)
    for row, line in enumerate(lines, 2):
        for column, value in enumerate(line, 1):
            book[title].cell(row, column).value = value  # type: ignore[union-attr]  # no merged cells there
    book.save(path)


def test_the_input_sheets_are_filled_in_and_decided(school: Policy, tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    engine.create_template(school, path)
    filled(path, "填报", [ONE, 20000], [TWO, 30000])
    filled(path, "在学子女", [TWO, "A2", "高中", 1000.5, "是"])
    summary, decided = run(school, path)
    assert (decided, summary.problems) == ([0, Fraction("1000.5")], [])


def test_the_sheet_of_a_group_has_the_joining_column_and_drop_downs(school: Policy, tmp_path: Path) -> None:
    engine.create_template(school, tmp_path / "sheet.xlsx")
    book = openpyxl.load_workbook(tmp_path / "sheet.xlsx")
    assert book.sheetnames == ["填报", "在学子女", "说明"]
    sheet = book["在学子女"]
    assert [cell.value for cell in sheet[1]] == ["身份证号", "学籍号", "学段", "学费", "寄宿"]
    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert lists == {"C2:C2001": '"高中,大学"', "E2:E2001": '"是,否"'}
    about = [[cell.value for cell in row] for row in book["说明"].iter_rows(min_row=5, max_row=9)]
    assert about == [
        ["在学子女", None, "正在上学的子女", None, None, None],
        ["身份证号", None, "职工身份证号码", None, "公民身份号码", "必填"],
        ["学籍号", None, "学生的学籍号", None, None, "未填"],
        ["学段", None, "所在学段", "高中、大学", "就读阶段", "必填"],
        ["学费", "元/年", "全年学费", "0 – 100000", None, "必填"],
    ]


def test_a_joining_column_that_is_no_fact_stands_on_both_sheets(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    policy = changed(tmp_path, BY_NUMBER)
    engine.create_template(policy, path)
    book = openpyxl.load_workbook(path)
    assert [book[title].cell(1, 1).value for title in ("填报", "在学子女")] == ["户号", "户号"]
    filled(path, "填报", ["1", None, 20000])
    filled(path, "在学子女", ["1", None, "高中", 8])
    assert run(policy, path)[1] == [8]


def test_choices_that_a_formula_cannot_hold_stand_on_a_hidden_sheet(tmp_path: Path) -> None:
    policy = changed(tmp_path, ("          - 高中\n", '          - "高中,职高"\n'))
    engine.create_template(policy, tmp_path / "sheet.xlsx")
    book = openpyxl.load_workbook(tmp_path / "sheet.xlsx")
    rule = next(rule for rule in book["在学子女"].data_validations.dataValidation if str(rule.sqref) == "C2:C2001")
    assert (rule.formula1, book["choices"].sheet_state) == ("choices!$B$1:$B$2", "hidden")
    assert [book["choices"].cell(row, 2).value for row in (1, 2)] == ["高中,职高", "大学"]


def test_a_template_needs_to_know_how_persons_are_joined(tmp_path: Path) -> None:
    policy = changed(tmp_path, ("form: id_number\n    unique: true", "form: id_number"))
    with pytest.raises(TableError) as caught:
        engine.create_template(policy, tmp_path / "sheet.xlsx")
    assert str(caught.value).partition("facts.yaml:")[2] == (
        "18:3: Nothing says by which column the persons of “在学子女” find their household. "
        "Write “joined_by” at the group in facts.yaml."
    )


# The command line


def bangfu(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit code and what is printed on both ways."""
    policies = folder / "policies"
    if not policies.exists():
        shutil.copytree(SCHOOL, policies / "2023")
    command = ["--lang", "en", arguments[0], *arguments[1:], "--policies", str(policies)]
    done = CliRunner().invoke(cli, command)
    return done.exit_code, done.stdout.replace(f"{folder}/", ""), done.stderr.replace(f"{folder}/", "")


def test_the_command_reads_a_second_table(tmp_path: Path) -> None:
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", STUDENTS)
    code, out, _ = bangfu(tmp_path, "evaluate", str(source), "--persons", f"在学子女={persons}")
    assert code == 0
    assert "在学子女: 3 persons, 0 of them without a household" in out


def test_the_command_ends_with_1_where_a_person_has_no_household(tmp_path: Path) -> None:
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", f"{STUDENTS}{NOBODY},,高中,1,\n")
    code, out, errors = bangfu(
        tmp_path, "evaluate", str(source), "--persons", f"在学子女={persons}", "-o", str(tmp_path / "out.csv")
    )
    assert code == 1
    assert "在学子女: 4 persons, 1 of them without a household" in out
    assert "Rejects of 在学子女: out.rejects.在学子女.csv" in out
    assert f"s.csv:5:身份证号: “{NOBODY}” is the “身份证号” of no household." in errors


def test_the_summary_says_that_no_persons_were_given(tmp_path: Path) -> None:
    code, out, _ = bangfu(tmp_path, "evaluate", str(file(tmp_path, "h.csv", HOUSEHOLDS)))
    assert code == 0
    assert "在学子女: no persons were given, so every household has none" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--persons", "s.csv"], "Write --persons GROUP=FILE, not “s.csv”."),
        (["--persons", "=s.csv"], "Write --persons GROUP=FILE, not “=s.csv”."),
        (["--persons", "甲=s.csv", "--persons", "甲=t.csv"], "--persons names “甲” twice."),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "explain"])
def test_persons_named_wrongly_are_wrong_usage(
    tmp_path: Path, command: str, options: Sequence[str], message: str
) -> None:
    code, _, errors = bangfu(tmp_path, command, str(file(tmp_path, "h.csv", HOUSEHOLDS)), *options)
    assert code == 2
    assert message in errors


def test_persons_are_not_split_by_date(tmp_path: Path) -> None:
    source = str(file(tmp_path, "h.csv", HOUSEHOLDS))
    code, _, errors = bangfu(tmp_path, "evaluate", source, "--by-date", "--persons", "在学子女=s.csv")
    assert code == 2
    assert "A table of persons cannot be split by date: leave --by-date or --persons out." in errors


def test_the_command_explains_a_household_with_a_second_table(tmp_path: Path) -> None:
    source, persons = file(tmp_path, "h.csv", HOUSEHOLDS), file(tmp_path, "s.csv", STUDENTS)
    code, out, _ = bangfu(tmp_path, "explain", str(source), "--persons", f"在学子女={persons}", "--row", "3")
    assert code == 0
    assert "在学子女1：学籍号：A2、学段：高中、学费：1,000.5 元/年、寄宿：是" in out


def test_the_made_up_policy_is_checked() -> None:
    done = subprocess.run(
        [sys.executable, "cli.py", "--lang", "en", "check", str(SCHOOL)],
        cwd=SCHOOL.parent.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{SCHOOL}: 0 problems, 0 warnings.")


# The place of a person among the others

RANKED = """
    facts:
      home:
        kind: truth
        meaning: whether there is a home
        when_absent: false
    groups:
      children:
        meaning: the children
        at_most: 5
        facts:
          born:
            kind: date
            meaning: the day of birth
          fee:
            kind: count
            unit: person
            meaning: a number
            at_least: 0
            at_most: 1000
            step: 1
"""
FIRST = """
    rules:
      first_whole:
        is: sum(fee if rank(born) == 1 else fee / 2)
      places:
        is: sum(rank(born) * rank(born))
    outputs:
      - first_whole
      - places
"""


@pytest.mark.parametrize(
    ("children", "first_whole"),
    [
        ([], 0),
        ([("2015-03-01", 100)], 100),
        ([("2015-03-01", 100), ("2012-03-01", 200)], 250),
        ([("2012-03-01", 200), ("2015-03-01", 100)], 250),
        ([("2012-03-01", 200), ("2012-03-01", 100), ("2012-02-29", 0)], 150),
        ([("2012-03-01", 200), ("2012-03-01", 100)], 250),
        ([("2012-03-01", 100), ("2012-03-01", 200)], 200),  # twins: the one listed first
    ],
)
def test_the_first_of_the_persons_is_one_alone(
    children: list[tuple[str, int]], first_whole: int, tmp_path: Path
) -> None:
    policy = small.policy(tmp_path, facts=RANKED, rules=FIRST)
    household = {"children": [{"born": born, "fee": fee} for born, fee in children]}
    decision = engine.decide(policy, household)
    assert decision.names["first_whole"] == first_whole
    assert decision.names["places"] == sum(place * place for place in range(1, len(children) + 1))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("sum(rank(fee > 1))", "3: “<” compares numbers or dates, and here stands a truth. Use == or !=."),
        (
            "rank(home)",
            "3: “rank” gathers over persons, and what stands in it belongs to none."
            " Gather what belongs to persons with sum, count, any, all, highest or lowest, one group at a time.",
        ),
        (
            "rank(born) + 1",
            "5: “second” comes to one value for each person of “children”. Here one value for the household is needed."
            " Gather it with sum, count, any, all, highest or lowest.",
        ),
    ],
)
def test_what_has_no_order_and_what_is_nobodys_has_no_place(written: str, said: str, tmp_path: Path) -> None:
    rules = f"rules:\n  first:\n    is: {written}\n  second:\n    is: first * 2\noutputs:\n  - second\n"
    assert f"rules.yaml:{said}" in small.problems(tmp_path, facts=RANKED, rules=rules)
