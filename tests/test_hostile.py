"""Policy files that nobody means well: each is a clear problem in bounded time, and none a crash or a silent reading."""

from __future__ import annotations

import os
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from small_policies import number, problems

from engine.cases import run_cases
from engine.loading import check_questions, examine, load
from engine.source import PolicyError

ROOT = Path(__file__).parent.parent
LONG = "9" * 5000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the policy of 2023, to be broken."""
    return Path(shutil.copytree(ROOT / "policies/2023", tmp_path / "2023"))


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def errors(folder: Path) -> list[str]:
    """What is wrong with the policy in `folder`, each as `file:line: message`."""
    policy, problems = examine(folder)
    found = [problem.text().replace(f"{folder}/", "") for problem in problems if not problem.is_warning]
    assert (policy is None) == bool(found)
    return found


def test_a_number_in_a_block_is_the_number_that_it_shows(folder: Path) -> None:
    edit(folder, "figures", "value: 24000\n", "value: |\n      24000\n")
    figures = {figure.name: figure.value for figure in load(folder).figures}
    assert figures["意外致困认定标准"] == Fraction(24000)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("figures", "value: 24000\n", 'value: "24000\\n"\n', "“24000” is not a number."),
        ("figures", "value: 24000", f"value: {LONG}", "A number has at most 40 signs."),
        ("figures", "value: 24000", f'value: "{LONG}"', "A number has at most 40 signs."),
        ("figures", "value: 24000", f"value: 0.{LONG}", "A number has at most 40 signs."),
        ("figures", "value: 24000", f"value: 1/{LONG}", "A number has at most 40 signs."),
        ("figures", "value: 24000", f"value: {LONG}万", "A number has at most 40 signs."),
        ("facts", "at_most: 30", f"at_most: {LONG}", "A number has at most 40 signs."),
        ("tables", "value: 738", f"value: {LONG}", "A number has at most 40 signs."),
        ("rules", "is: 家庭年收入 + 已获", f"is: 家庭年收入 * {LONG[:1500]}", "is too long for a number."),
        ("rules", "give: all", f"give: {LONG}", "is not one of the choices."),
        ("policy", "from: 2023-01-01", 'from: "2023-01-01\\n"', "“2023-01-01” is not a date."),
    ],
)
def test_a_number_or_a_date_that_is_none_is_refused(folder: Path, file: str, old: str, new: str, told: str) -> None:
    edit(folder, file, old, new)
    found = errors(folder)
    assert len(found) == 1
    assert told in found[0]


def test_a_quote_of_thousands_of_digits_says_no_number(folder: Path) -> None:
    edit(folder, "figures", "2.4万元以上", f"{LONG}万元以上")
    assert errors(folder) == []


def test_a_pipe_or_a_folder_is_no_policy_file(folder: Path) -> None:
    (folder / "figures.yaml").unlink()
    os.mkfifo(folder / "figures.yaml")
    (folder / "tables.yaml").unlink()
    (folder / "tables.yaml").mkdir()
    wrong = (
        "This is no ordinary file (a folder, a pipe or a device). A policy's files hold text. Put the file itself here."
    )
    assert errors(folder) == [f"figures.yaml: {wrong}", f"tables.yaml: {wrong}"]


def test_a_file_of_thirty_thousand_figures_is_refused(folder: Path) -> None:
    more = "".join(
        f"  数{number}:\n    value: {number}\n    unit: 元/年\n    because: 例\n" for number in range(30_000)
    )
    path = folder / "figures.yaml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert [text for text in errors(folder) if text.startswith("figures.yaml: The file is larger than 500,000 bytes.")]


def with_rules(folder: Path, rules: str) -> list[str]:
    edit(folder, "rules", "rules:\n", f"rules:\n{rules}")
    return errors(folder)


def test_a_tower_of_rules_is_refused(folder: Path) -> None:
    tower = "".join(f"  层{floor}:\n    is: 层{floor + 1} + 1\n    because: 例\n" for floor in range(2000))
    found = with_rules(folder, tower + "  层2000:\n    is: 1\n    because: 例\n")
    assert found == [
        "rules.yaml:4:9: “层0” stands on more than 100 rules, one below the other. "
        "Bring some of them together into one rule."
    ]


def test_every_circle_of_rules_is_told_once_and_shown_in_short(folder: Path) -> None:
    ring = "".join(f"  圈{at}:\n    is: 圈{(at + 1) % 2000} + 1\n    because: 例\n" for at in range(2000))
    found = with_rules(folder, ring + "  自己:\n    is: 自己 + 圈0\n    because: 例\n")
    assert [text.split(": ", 2)[2] for text in found] == [
        "圈0 → 圈1 → 圈2 → 圈3 → 圈4 → 圈5 → 圈6 → 圈7 → 圈8 → 圈9 → 圈10 → … → 圈1999 → 圈0. "
        "Write one of them without the next.",
        "自己 → 自己. Write one of them without the next.",
    ]


def test_more_categories_than_a_decision_can_hold_are_refused(folder: Path) -> None:
    more = "".join(f"  类{at}:\n    when: 家庭人口 == {at}\n    clause: 例\n    quote: 例\n" for at in range(100))
    edit(folder, "rules", "categories:\n", f"categories:\n{more}")
    assert any("than one decision can hold" in text for text in errors(folder))


CASE = """\
starting_from:
  核算日期: 2023-08-01
  家庭人口: 3
  家庭年收入: 20000
  当地低保月标准: 738
  城市低保平均标准: 747
  已建档: 是
  身份证号: "990101198503070017"
cases:
  例:
    clause: 例
    because: 例
    facts:
      家庭人口: {people}
    expect:
      {expect}
"""


def said_of_case(folder: Path, expect: str, people: str = "3", language: str = "en") -> list[str]:
    (folder / "cases.yaml").write_text(CASE.format(expect=expect, people=people), encoding="utf-8")
    (result,) = run_cases(folder)
    return [problem.text(language).replace(f"{folder}/", "") for problem in result.problems]


@pytest.mark.parametrize("expect", ["合计: 12 * 747", "合计: 8964", "合计: 一年月数 * 747", "困难类别: 深度困难职工"])
def test_an_expectation_may_be_calculated(folder: Path, expect: str) -> None:
    assert said_of_case(folder, expect) == []


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("合计: 1 / 0", "It divides by 0."),
        ("合计: 8964 / (1 - 1)", "It divides by 0."),
        ("合计: round_up(3, 0)", "The step of its rounding is not above 0."),
        ('合计: min(8964, "a")', "“a” is no number."),
        ("合计: abs(困难类别)", "“困难类别” is no number."),
        ("合计: 8964 + 已建档", "“已建档” is no number."),
        ("合计: 无此名", "“无此名” is no number."),
        ("合计: true", "“true” is no number."),
        ("合计: not 已建档", "“not 已建档” cannot be calculated here."),
        ("合计: 8964 > 1", "“8964 > 1” cannot be calculated here."),
        (
            "合计: lookup(低保标准, 城市, 县区, 核算日期)",
            "“lookup(低保标准, 城市, 县区, 核算日期)” cannot be calculated here.",
        ),
        ("合计: given(核定生活救助)", "“given(核定生活救助)” cannot be calculated here."),
        ("合计: sum(家庭人口)", "“sum(家庭人口)” cannot be calculated here."),
        ("合计: date(2023, 13, 1)", "“date(2023, 13, 1)” cannot be calculated here."),
    ],
)
def test_an_expectation_that_nobody_can_calculate_is_a_problem_of_its_case(
    folder: Path, expect: str, told: str
) -> None:
    wrong = "cases.yaml:16:11: The case “例” expects for “合计” what is no number."
    remedy = "Write a number, or a calculation with numbers such as 12 * 747 or min(a, b)."
    assert said_of_case(folder, expect) == [f"{wrong} {told} {remedy}"]


def test_an_expectation_that_is_no_expression_is_told_as_such(folder: Path) -> None:
    (told,) = said_of_case(folder, "合计: 8,964")
    assert told.startswith("cases.yaml:16:11: A number is written with a comma between the thousands.")


def test_a_case_that_cannot_be_decided_says_why_in_one_language(folder: Path) -> None:
    assert said_of_case(folder, "合计: 1", people="0", language="zh_CN") == [
        "cases.yaml:10:3: 算例“例”不能核算。",
        "cases.yaml:14:13: “0”超出范围。应为1至30之间的数，最小单位1 (人)。请改正这个数。",
    ]


@pytest.mark.parametrize("text", ["- a\n", "a\n"])
def test_a_file_of_cases_without_keys_is_a_problem(folder: Path, text: str) -> None:
    (folder / "cases.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        run_cases(folder)
    assert [problem.text().replace(f"{folder}/", "") for problem in caught.value.problems] == [
        "cases.yaml:1:1: The file holds no keys. Write “key: value” lines as in the other files."
    ]


def test_a_file_that_is_not_there_is_told_and_not_what_follows_from_it(folder: Path) -> None:
    (folder / "figures.yaml").unlink()
    names = "付款最小单位, 相对医疗救助封顶, 省总审批起点, 全总审批起点, 相对困难低保倍数, …"
    assert errors(folder) == [
        f"figures.yaml: The file is missing, and nothing else declares {names}. "
        "Put the file back, or declare the names in it."
    ]


def test_a_file_of_tables_that_is_not_there_is_told(folder: Path) -> None:
    (folder / "tables.yaml").unlink()
    assert errors(folder) == [
        "tables.yaml: The file is missing, and nothing else declares 低保标准, 城市低保平均. "
        "Put the file back, or declare the names in it."
    ]


FIGURE = """\
      figures:
        相对医疗救助封顶:
          value: 16000
          because: 2万元的80%为1.6万元,印发数疑漏小数点
"""
NOTHING = "changes nothing. Say in its overlay what is different, or take the question out."
NO_NAME = "and the policy has nothing of that name."


@pytest.mark.parametrize(
    ("question", "old", "new", "told"),
    [
        ("医疗上限印误", "        相对医疗救助封顶:", "        相对医疗救助封项:", f"11:9: The other reading speaks of “相对医疗救助封项”, {NO_NAME} Did you mean “相对医疗救助封顶”?"),
        ("损失按总额", "        净损失:", "        净损矢:", f"62:9: The other reading speaks of “净损矢”, {NO_NAME} Did you mean “净损失”?"),
        ("相对也审批", "        省总工会:", "        省总工回:", f"96:9: The other reading speaks of “省总工回”, {NO_NAME} Did you mean “省总工会”?"),
        ("按年初标准", "        当地低保月标准:\n", "        当地低保标准:\n", f"84:9: The other reading speaks of “当地低保标准”, {NO_NAME} Did you mean “当地低保月标准”?"),
        ("未核定按下限", "        深度困难职工:\n          aids:", "        深度困难职业:\n          aids:", f"22:9: The other reading speaks of “深度困难职业”, {NO_NAME} Did you mean “深度困难职工”?"),
        ("未核定按下限", "            生活救助:\n", "            生活救住:\n", f"24:13: The other reading speaks of “生活救住”, {NO_NAME} Did you mean “生活救助”?"),
        ("医疗上限印误", f"overlay:\n{FIGURE}", "overlay: {}\n", f"3:3: The other reading of “医疗上限印误” {NOTHING}"),
        ("医疗上限印误", "value: 16000", "value: 160000", f"3:3: The other reading of “医疗上限印误” {NOTHING}"),
        ("按最深类别", "by: first", "by: highest", f"122:3: The other reading of “按最深类别” {NOTHING}"),
    ],
)  # fmt: skip
def test_another_reading_that_changes_nothing_is_told_at_the_name_that_is_not_there(
    folder: Path, question: str, old: str, new: str, told: str
) -> None:
    edit(folder, "questions", old, new)
    problems = [problem for problem in examine(folder, (question,))[1] if not problem.is_warning]
    assert [problem.text().replace(f"{folder}/", "") for problem in problems] == [f"questions.yaml:{told}"]


def test_of_all_other_readings_the_one_that_is_wrong_is_told(folder: Path) -> None:
    edit(folder, "questions", "by: first", "by: highest")
    (problem,) = check_questions(folder)
    assert f"The other reading of “按最深类别” {NOTHING}" in problem.text()


def test_another_reading_of_a_name_that_is_not_there_is_never_run(folder: Path) -> None:
    edit(folder, "questions", "        相对医疗救助封顶:", "        相对医疗救助封项:")
    load(folder)
    with pytest.raises(PolicyError, match="The other reading speaks of “相对医疗救助封项”"):
        load(folder, questions=("医疗上限印误",))


def test_another_reading_may_say_something_new_that_is_whole(folder: Path) -> None:
    new = "        新封顶:\n          value: 16000\n          unit: 元/年\n          because: 例\n      categories:\n"
    more = "        相对困难职工:\n          aids:\n            医疗救助:\n              at_most: min(医疗个人负担, 新封顶)\n"
    edit(folder, "questions", FIGURE, f"      figures:\n{new}{more}")
    edit(folder, "questions", " > other(相对医疗救助封顶)", " > 0")
    assert check_questions(folder) == ()


def test_a_year_that_changes_a_name_that_is_not_there_is_told_so(folder: Path) -> None:
    later = folder.parent / "2024"
    later.mkdir()
    days = "in_force:\n  from: 2024-01-01\n  until: 2024-12-31\n"
    (later / "policy.yaml").write_text(f"extends: 2023\ntitle: 例\nyear: 2024\n{days}", encoding="utf-8")
    (later / "figures.yaml").write_text("figures:\n  意外救助封项:\n    value: 12000\n", encoding="utf-8")
    assert errors(later) == [
        "figures.yaml:2:3: The policy that this one extends has nothing called “意外救助封项”, and what stands here "
        "is not whole. Did you mean “意外救助封顶”?"
    ]


def test_rules_that_square_each_other_end_in_a_sentence(tmp_path: Path) -> None:
    """Thirty squarings would make a number of a thousand million digits."""
    chain = "".join(f"  n{at}:\n    is: n{at - 1} * n{at - 1}\n" for at in range(1, 31))
    rules = f"rules:\n{chain}outputs:\n  - n30\n"
    facts = "facts:\n" + number("n0", at_least=2, at_most=9)
    found = problems(tmp_path, facts=facts, rules=rules)
    assert found[0] == (
        "rules.yaml:17: This product can have more than 153 digits."
        " Numbers that large are no amounts, and multiplied again and again they would never be done."
        " Correct the rule, or the bounds of the facts that it reads."
    ), found
