"""What cannot be meant is refused when the policy loads, and never ends in a fault of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cases import run_cases
from engine.loading import examine

POLICY = """\
title: 例
year: 2024
issuer: 例
language: zh
in_force:
  from: 2024-01-01
  until: 2024-12-31
units:
  money:
    - 元
  counts:
    - 人
"""
FACTS = """\
facts:
  人口:
    kind: count
    unit: 人
    meaning: 人口
    at_least: 0
    at_most: 9
    step: 1
  区:
    kind: text
    meaning: 区
    choices:
      - 东
      - 西
  收入:
    kind: money
    unit: 元
    meaning: 收入
    at_least: 0
    at_most: 9
    step: 1
    when_absent: {absent}
groups:
  子女:
    meaning: 子女
    at_least: 1
    at_most: 5
    facts:
      年龄:
        kind: count
        unit: 人
        meaning: 年龄
        at_least: 0
        at_most: 30
        step: 1
"""
TABLES = """\
tables:
  标准:
    unit: 元
    keys:
      - 区
    rows:
      - 区: 东
        value: 1
      - 区: 西
        value: 2
"""


def problems(tmp_path: Path, rules: str, absent: str = "0", more: str = "") -> list[str]:
    for name, text in (
        ("policy", POLICY),
        ("facts", FACTS.format(absent=absent) + more),
        ("tables", TABLES),
        ("rules", rules),
    ):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [problem.text().split(": ", 1)[1] for problem in examine(tmp_path)[1] if not problem.is_warning]


def rule(expression: str) -> str:
    return f"rules:\n  甲:\n    is: {expression}\noutputs:\n  - 甲\n"


def test_a_lookup_by_choices_and_a_lowest_of_persons_are_tried_with_values_that_can_be(tmp_path: Path) -> None:
    assert problems(tmp_path, rule("lookup(标准, 区) * min(年龄)")) == []


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("1 / 人口", "The divisor is not shown to be above 0"),
        ("收入 + (区 == 1)", "a text and a number without unit are compared"),
        ("lookup(标淮, 区)", "No table is called “标淮”. There is: 标准. Declare it, or correct the name."),
        ("other(收入)", "“other” may not be used here."),
        ("date(2024, 2, 30) > date(2024, 1, 1)", "“date(2024, 2, 30)” may be no day of the calendar."),
        ("date(2024, 人口, 1) > date(2024, 1, 1)", "“date(2024, 人口, 1)” may be no day of the calendar."),
        ("年龄 + 1", "“甲” comes to one value for each person of “子女”."),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(expression: str, told: str, tmp_path: Path) -> None:
    found = problems(tmp_path, rule(expression))
    assert [text for text in found if text.startswith(told)], found


@pytest.mark.parametrize(
    ("absent", "told"),
    [
        ("lookup(标淮, 区)", "No table is called “标淮”."),
        ("1 if given(人口) else 2", "“given” may not be used here."),
        ("other(人口)", "“other” may not be used here."),
    ],
)
def test_what_absence_means_asks_for_nothing_that_is_not_there(absent: str, told: str, tmp_path: Path) -> None:
    found = problems(tmp_path, rule("收入"), absent)
    assert [text for text in found if text.startswith(told)], found


def test_a_category_is_not_decided_by_each_person(tmp_path: Path) -> None:
    rules = """\
categories:
  甲类:
    when: 年龄 > 18
    aids:
      救助:
        exactly: 收入
conclusions:
  none_holds: 无
  nothing_left: 零
  payable: 可
"""
    found = problems(tmp_path, rules)
    assert found[0].startswith("“甲类” comes to one value for each person of “子女”."), found


def test_a_question_that_may_not_be_asked_is_told_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, rule("1 if given(人口) else 2"))) == 1


PERSON = """\
      学费:
        kind: money
        unit: 元
        meaning: 学费
        at_least: 0
        at_most: 9
        step: 1
"""


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("        when_absent: 收人\n", "No fact, figure or rule is called “收人”."),
        ("        when_absent: sum(年龄)\n", "“sum” may not be used here."),
        ("        when_absent: true\n", "What absence means is a truth, and “学费” is a number in 元."),
        ('        when_absent: lookup(标淮, "东")\n', "No table is called “标淮”."),
        ("        needed_when: 年龄 > 6\n", "“学费” says when it is needed, and is not optional."),
    ],
)
def test_what_the_absence_of_a_persons_fact_means_is_held_to_the_same(lines: str, told: str, tmp_path: Path) -> None:
    found = problems(tmp_path, rule("sum(学费)"), more=PERSON + lines)
    assert [text for text in found if text.startswith(told)], found


def test_a_group_is_no_value(tmp_path: Path) -> None:
    assert problems(tmp_path, rule("子女 + 1"))[0].startswith("“子女” is a group of persons")


def test_one_person_for_whom_a_needed_fact_is_missing_is_enough_to_refuse(tmp_path: Path) -> None:
    more = PERSON + "        optional: true\n        needed_when: 年龄 > 6\n"
    assert problems(tmp_path, rule("sum(学费 if given(学费) else 0)"), more=more) == []
    (tmp_path / "cases.yaml").write_text(
        """\
starting_from:
  人口: 2
  区: 东
cases:
  都填:
    clause: 例
    because: 六岁不须填
    facts:
      子女:
        - 年龄: 6
        - 年龄: 7
          学费: 3
    expect:
      甲: 3
  缺一人:
    clause: 例
    because: 七岁须填
    facts:
      子女:
        - 年龄: 6
        - 年龄: 7
    refused: 缺少学费，不能判定
""",
        encoding="utf-8",
    )
    assert [result.problems for result in run_cases(tmp_path)] == [(), ()]


def test_a_band_of_zero_has_every_unit(tmp_path: Path) -> None:
    bands = "    bands:\n      - when: 人口 <= 3\n        is: 收入\n      - when: 人口 > 3\n        is: {amount}\n"
    assert problems(tmp_path, "rules:\n  甲:\n" + bands.format(amount=0)) == []
    assert problems(tmp_path, "rules:\n  甲:\n" + bands.format(amount=5)) != []
