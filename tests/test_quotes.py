"""The quoted words held against operators, ends of ranges and numbers: what is found, word for word, and what is let be."""

import json
import re
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from engine.checks import check
from engine.elaborate import elaborate, overlaid
from engine.loading import examine, load, read_folder
from engine.messages import words
from engine.policy import Policy
from engine.quotes import agree, bounds_in, numbers_in
from engine.source import Branch, read_text

ROOT = Path(__file__).parent.parent
WORDS = ROOT / "engine" / "messages" / "words"
REMEDY = "Correct one of the two, or say under “answers” why they differ."

CHINESE = """
title: 试行办法
year: 2030
issuer: 某市总工会
language: zh
in_force:
  from: 2030-01-01
  until: 2030-12-31
units:
  money:
    - 元
    - 万元
  periods:
    - 年
    - 月
  counts:
    - 人
    - 倍
    - "%"
facts:
  城市:
    kind: text
    meaning: 城市
  收入:
    kind: money
    unit: 元
    meaning: 收入
    at_least: 0
    at_most: 1000000
    step: 0.01
  财产:
    kind: money
    unit: 元
    meaning: 财产
    at_least: 0
    at_most: 1000000
    step: 0.01
  自报标准:
    kind: money
    unit: 元
    meaning: 填写的标准
    at_least: 1
    at_most: 100000
    step: 0.01
  低保标准:
    kind: money
    unit: 元
    meaning: 低保标准
    at_least: 1
    at_most: 100000
    step: 0.01
    when_absent: lookup(低保, 城市)
tables:
  低保:
    meaning: 低保标准
    unit: 元
    keys:
      - 城市
    source: 公告
    rows:
      - 城市: 甲
        value: 700
figures:
  线:
    value: 20000
    unit: 元
    because: 起点
  高线:
    value: 50000
    unit: 元
    because: 起点
  倍数:
    value: 2
    unit: 倍
    because: 倍数
  标准二倍:
    value: 200%
    unit: 倍
    because: 倍数
"""

ENGLISH = """
title: Permits
year: 2030
issuer: A town
language: en
in_force:
  from: 2030-01-01
  until: 2030-12-31
units:
  money:
    - crowns
  periods:
    - year
    - months
  counts:
    - persons
    - "%"
facts:
  income:
    kind: money
    unit: crowns
    meaning: income
    at_least: 0
    at_most: 1000000
    step: 1
  age:
    kind: count
    unit: persons
    meaning: age
    at_least: 0
    at_most: 120
    step: 1
figures:
  line:
    value: 20000
    unit: crowns
    because: the line
"""


def policy(text: str) -> Policy:
    """The policy that `text`, all its files in one, says."""
    tree, unreadable = read_text(text, "policy.yaml")
    assert not unreadable and isinstance(tree, Branch)
    found, problems = elaborate(tree, "")
    assert found is not None and not problems, [problem.text() for problem in problems]
    return found


def warnings(text: str) -> list[str]:
    """The warnings for `text` without their places."""
    found = list(agree(policy(text)))
    assert all(problem.is_warning for problem in found)
    return [problem.text().partition(": warning: ")[2] for problem in found]


def with_figure(value: str, quote: str, unit: str = "元", more: str = "") -> str:
    text = ENGLISH if unit in ("crowns", "persons", "months") else CHINESE
    return f'{text}  所试:\n    value: {value}\n    unit: "{unit}"\n    quote: "{quote}"\n{more}'


def with_rule(expression: str, quote: str, text: str = CHINESE, more: str = "") -> str:
    return f'{text}rules:\n  所试:\n    is: {expression}\n    quote: "{quote}"\n{more}'


def with_aid(ends: str, quote: str = "", text: str = CHINESE) -> str:
    """A policy with one aid; `ends` are its lines."""
    lines = "".join(f"        {line}\n" for line in ends.strip("\n").splitlines())
    said = f'        quote: "{quote}"\n' if quote else ""
    return f"{text}categories:\n  困难:\n    when: 收入 < 线\n    because: 试\n    aids:\n      生活:\n{lines}{said}"


# Numbers ---------------------------------------------------------------------------------------

NUMBERS_ZH = (
    ("2.4万元", "24000"),
    ("1.6万元", "16000"),
    ("16万元", "160000"),
    ("3千元", "3000"),
    ("2万4千元", "24000"),
    ("2.4 万元", "24000"),
    ("80%", "4/5"),
    ("5‰", "1/200"),
    ("百分之十五", "3/20"),
    ("百分之八十", "4/5"),
    ("百分之十二点五", "1/8"),
    ("万分之五", "1/2000"),
    ("5个百分点", "1/20"),
    ("八成", "4/5"),
    ("九折", "9/10"),
    ("十二个月", "12"),
    ("12个月", "12"),
    ("2倍", "2"),
    ("两倍", "2"),
    ("1/3", "1/3"),
    ("½", "1/2"),
    ("三分之一", "1/3"),
    ("一半", "1/2"),
    ("5,000元", "5000"),
    ("1,234,567.5元", "2469135/2"),
    ("精确至百", "100"),
    ("精确到百元", "100"),
    ("精确到元", "1"),
    ("精确到角", "1/10"),
    ("精确到分", "1/100"),
    ("保留两位小数", "1/100"),
    ("二十四", "24"),
    ("一千二百", "1200"),
    ("一万零五百", "10500"),
    ("两万四千", "24000"),
    ("三百二十万", "3200000"),
    ("一点五万", "15000"),
    ("1亿", "100000000"),
    ("二〇二五", "2025"),
    ("贰万元", "20000"),
    ("２．４万元", "24000"),
    ("８０％", "4/5"),
)
NUMBERS_EN = (
    ("80%", "4/5"),
    ("80 percent", "4/5"),
    ("80 per cent", "4/5"),
    ("24,000", "24000"),
    ("£20,000.50", "40001/2"),
    ("1.5 million", "1500000"),
    ("two children", "2"),
    ("twelve months", "12"),
    ("twenty-four", "24"),
    ("two hundred thousand", "200000"),
    ("one thousand two hundred", "1200"),
    ("two point five", "5/2"),
    ("half", "1/2"),
    ("one half", "1/2"),
    ("a third", "1/3"),
    ("one-third", "1/3"),
    ("two thirds", "2/3"),
    ("twice", "2"),
    ("nearest hundred", "100"),
    ("nearest cent", "1/100"),
)


@pytest.mark.parametrize(("quote", "value"), NUMBERS_ZH)
def test_a_number_is_read_in_chinese(quote: str, value: str) -> None:
    found = numbers_in(quote, "zh")
    assert [Fraction(value) in number.values for number in found] == [True]
    assert all(number.is_certain for number in found)


@pytest.mark.parametrize(("quote", "value"), NUMBERS_EN)
def test_a_number_is_read_in_english(quote: str, value: str) -> None:
    found = numbers_in(quote, "en")
    assert [Fraction(value) in number.values for number in found] == [True]
    assert all(number.is_certain for number in found)


@pytest.mark.parametrize(
    ("quote", "values"),
    [
        ("不低于8个月,不超过12个月", [{"8"}, {"12"}]),
        ("8至12个月", [{"8"}, {"12"}]),
        ("1至2万元", [{"1", "10000"}, {"20000"}]),
        ("50-80%", [{"50", "1/2"}, {"4/5"}]),
        ("50%-80%", [{"1/2"}, {"4/5"}]),
        ("满2年", [{"2", "24"}]),
        ("60周岁、55周岁", [{"60"}, {"55"}]),
    ],
)
def test_several_numbers_are_read_in_their_order(quote: str, values: list[set[str]]) -> None:
    found = [{str(value) for value in number.values} for number in numbers_in(quote, "zh")]
    assert found == values


@pytest.mark.parametrize(
    "quote",
    [
        "只予单一项目救助",
        "前一救助资金",
        "符合下列情形之一",
        "按照第三条规定",
        "二(一)规定",
        "2023年7月1日起",
        "按照〔2023〕13号文件",
        "四舍五入",
        "十分困难",
        "①建档",
        "三级残疾",
        "由民政部门得到分类救助名单",
    ],
)
def test_what_only_looks_like_a_number_in_chinese_is_none(quote: str) -> None:
    assert numbers_in(quote, "zh") == ()


@pytest.mark.parametrize(
    "quote", ["see section 12(3)", "from 1 January 2023", "in 2023", "the year 2023/24", "the 3rd child", "tenants"]
)
def test_what_only_looks_like_a_number_in_english_is_none(quote: str) -> None:
    assert numbers_in(quote, "en") == ()


@pytest.mark.parametrize(("quote", "language"), [("每户一次", "zh"), ("一年内", "zh"), ("one household", "en")])
def test_a_lone_word_for_one_is_no_certain_number(quote: str, language: str) -> None:
    assert [number.is_certain for number in numbers_in(quote, language)] == [False]


# Bound words -----------------------------------------------------------------------------------

BOUNDS = (
    ("zh", "2.4万元以上", [(">=", {"24000"})]),
    ("zh", "80%及以上", [(">=", {"4/5"})]),
    ("zh", "2万元(含)以上", [(">=", {"20000"})]),
    ("zh", "2万元以上（不含本数）", [(">", {"20000"})]),
    ("zh", "2万元(不含2万元)以上", [(">", {"20000"})]),
    ("zh", "2万元以上5万元以下", [(">=", {"20000"}), ("<=", {"50000"})]),
    ("zh", "1万元以上不足2万元", [(">=", {"10000"}), ("<", {"20000"})]),
    ("zh", "不低于8个月,不超过12个月", [(">=", {"8"}), ("<=", {"12"})]),
    ("zh", "最高不超过1万元", [("<=", set()), ("<=", {"10000"})]),
    ("zh", "低于当地最低生活保障标准2倍", [("<", {"2"})]),
    ("zh", "不得低于70%", [(">=", {"7/10"})]),
    ("zh", "年满18周岁", [(">=", {"18"})]),
    ("zh", "未满18周岁", [("<", {"18"})]),
    ("zh", "不满10年", [("<", {"10", "120"})]),
    ("zh", "三十日以内", [("<=", {"30"})]),
    ("zh", "5公里以外", [(">", {"5"})]),
    ("zh", "至少3人", [(">=", {"3"})]),
    ("zh", "超过1万元的部分", [(">", {"10000"})]),
    ("zh", "高于标准", [(">", set())]),
    ("zh", "收入≤2万元", [("<=", {"20000"})]),
    ("zh", "满足下列条件", []),
    ("zh", "不满足下列条件", []),
    ("zh", "二级以上残疾", []),
    ("zh", "本市以外户籍", []),
    ("zh", "符合以下条件的", []),
    ("zh", "除特殊情况以外", []),
    ("en", "not less than 3 and not more than 5", [(">=", {"3"}), ("<=", {"5"})]),
    ("en", "No more than 5", [("<=", {"5"})]),
    ("en", "not exceeding 10%", [("<=", {"1/10"})]),
    ("en", "exceeding 10%", [(">", {"1/10"})]),
    ("en", "20,000 or more", [(">=", {"20000"})]),
    ("en", "two or less", [("<=", {"2"})]),
    ("en", "up to twelve months", [("<=", {"12"})]),
    ("en", "at most half", [("<=", {"1/2"})]),
    ("en", "less than or equal to 5", [("<=", {"5"})]),
    ("en", "below the line", [("<", set())]),
    ("en", "under the age of 18", [("<", {"18"})]),
    ("en", "aged 65 and over", [(">=", {"65"})]),
    ("en", "under section 5", []),
    ("en", "overall, the household is thunderstruck", []),
)


@pytest.mark.parametrize(("language", "quote", "expected"), BOUNDS)
def test_a_bound_word_is_read_with_its_numbers(language: str, quote: str, expected: list[tuple[str, set[str]]]) -> None:
    found = [(bound.operator, {str(value) for value in bound.numbers}) for bound in bounds_in(quote, language)]
    assert found == expected


# Operators -------------------------------------------------------------------------------------


def told(word: str, comparison: str, meaning: str, operator: str) -> str:
    """The warning that a word and an operator disagree."""
    return (
        f"The quote says “{word}”, and the expression says “{comparison}”. "
        f"“{word}” is read as “{meaning}”, the expression as “{operator}”. {REMEDY}"
    )


@pytest.mark.parametrize(
    ("expression", "quote"),
    [
        ("收入 < 低保标准", "收入低于当地低保标准"),
        ("低保标准 > 收入", "收入低于当地低保标准"),
        ("not 收入 >= 低保标准", "收入低于当地低保标准"),
        ("not (收入 >= 低保标准 or 财产 > 线)", "收入低于当地低保标准"),
        ("收入 < 倍数 * 低保标准", "低于最低生活保障标准2倍"),
        ("收入 < 标准二倍 * 低保标准", "低于最低生活保障标准2倍"),
        ("收入 >= 线", "2万元以上"),
        ("线 <= 收入", "2万元以上"),
        ("收入 > 线", "2万元以上(不含本数)"),
        ("收入 > 线", "超过2万元"),
        ("线 <= 收入 < 高线", "2万元以上不足5万元"),
        ("收入 >= 线 and 收入 < 高线", "2万元以上不满5万元"),
        ("收入 <= 线", "收入超过2万元的不予救助"),
        ("收入 < 自报标准", "收入低于自报标准"),
        ("自报标准 > 收入", "收入低于自报标准"),
        ("财产 > 收入", "高于"),
        ("财产 < 收入", "高于"),
        ("收入 if 收入 > 线 else 0", "2万元以下的不计"),
        ("0 if 收入 > 线 else 收入", "2万元以下的部分"),
        ("收入 if 收入 <= 线 else 0", "2万元以下的部分"),
        ("收入 > 0", "年度2万元以上"),
        ("收入 * 2", "不超过2倍"),
        ("收入 < 低保标准", "家庭人均纯收入"),
        ("收入 < 低保标准", "收入低于低保标准且财产不超过10万元"),
        ("收入 > 线", "自2031年起年满18周岁"),
        ("收入 == 线", "不超过2万元"),
        ("收入 >= 6", "连续6个月高于标准"),
        ("财产 >= 0.6 * 收入", "医疗支出占家庭收入的60%以上"),
        ("收入 <= 2", "二级以上残疾"),
        ("1500 if 10000 <= 收入 <= 20000 else 0", "1万元以上2万元以下的,给予1500元"),
        ("收入 < 低保标准", "符合以下条件之一"),
    ],
)
def test_words_and_operators_that_can_agree_are_let_be(expression: str, quote: str) -> None:
    assert warnings(with_rule(expression, quote)) == []


@pytest.mark.parametrize(
    ("expression", "quote", "expected"),
    [
        ("收入 <= 低保标准", "收入低于当地低保标准", ("低于", "收入 <= 低保标准", "<", "<=")),
        ("收入 > 低保标准", "收入低于当地低保标准", ("低于", "收入 > 低保标准", "<", ">")),
        ("低保标准 >= 收入", "收入低于当地低保标准", ("低于", "低保标准 >= 收入", "<", "<=")),
        ("not 收入 > 低保标准", "收入低于当地低保标准", ("低于", "收入 > 低保标准", "<", "<=")),
        ("收入 <= 倍数 * 低保标准", "低于低保标准2倍", ("低于", "收入 <= 倍数 * 低保标准", "<", "<=")),
        ("收入 < 低保标准", "收入不高于低保标准", ("不高于", "收入 < 低保标准", "<=", "<")),
        ("收入 > 线", "2万元以上", ("以上", "收入 > 线", ">=", ">")),
        ("线 < 收入", "2万元以上", ("以上", "线 < 收入", ">=", ">")),
        ("收入 > 20000", "2万元以上", ("以上", "收入 > 20000", ">=", ">")),
        ("收入 < 线", "2万元及以下", ("及以下", "收入 < 线", "<=", "<")),
        ("收入 >= 线", "2万元以上（不含本数）", ("以上(不含", "收入 >= 线", ">", ">=")),
        ("收入 >= 线", "超过2万元", ("超过", "收入 >= 线", ">", ">=")),
        ("收入 > 线", "不低于2万元", ("不低于", "收入 > 线", ">=", ">")),
        ("收入 > 线", "不少于2万元", ("不少于", "收入 > 线", ">=", ">")),
        ("收入 <= 线", "不满2万元", ("不满", "收入 <= 线", "<", "<=")),
        ("收入 < 线", "2万元以内", ("以内", "收入 < 线", "<=", "<")),
        ("收入 >= 线", "2万元以外", ("以外", "收入 >= 线", ">", ">=")),
        ("收入 < 线", "收入超过2万元的不予救助", ("超过", "收入 < 线", ">", "<")),
        ("线 <= 收入 <= 高线", "2万元以上不足5万元", ("不足", "线 <= 收入 <= 高线", "<", "<=")),
        (
            "财产 < 线 and 收入 >= 高线",
            "财产2万元以下,收入5万元以上",
            ("以下", "财产 < 线", "<=", "<"),
        ),
        ("收入 > 自报标准", "收入低于自报标准", ("低于", "收入 > 自报标准", "<", ">")),
        ("收入 <= 自报标准", "收入低于自报标准", ("低于", "收入 <= 自报标准", "<", "<=")),
        ("财产 > 0.6 * 收入", "医疗支出占家庭收入的60%以上", ("以上", "财产 > 0.6 * 收入", ">=", ">")),
        ("收入 if 收入 >= 线 else 0", "超过2万元的部分", ("超过", "收入 >= 线", ">", ">=")),
        ("收入 < lookup(低保, 城市)", "不高于低保标准", ("不高于", "收入 < lookup(低保, 城市)", "<=", "<")),
    ],
)
def test_a_word_and_an_operator_that_disagree_are_both_shown(
    expression: str, quote: str, expected: tuple[str, str, str, str]
) -> None:
    assert warnings(with_rule(expression, quote)) == [told(*expected)]


@pytest.mark.parametrize(
    ("expression", "quote", "expected"),
    [
        ("income < line", "income below 20,000", None),
        ("income >= line", "an income of 20,000 crowns or more", None),
        ("income <= line", "not eligible with an income over 20,000", None),
        ("age >= 18 and age < 65", "at least 18 and under the age of 65", None),
        ("income <= line", "income below 20,000", ("below", "income <= line", "<", "<=")),
        ("income > line", "at least twenty thousand crowns", ("at least", "income > line", ">=", ">")),
        ("income < line", "Not exceeding 20,000", ("Not exceeding", "income < line", "<=", "<")),
        ("age > 65", "aged 65 and over", ("and over", "age > 65", ">=", ">")),
    ],
)
def test_the_words_are_those_of_the_policy(
    expression: str, quote: str, expected: tuple[str, str, str, str] | None
) -> None:
    found = warnings(with_rule(expression, quote, ENGLISH))
    assert found == ([told(*expected)] if expected else [])


def test_an_answer_beside_the_quote_silences_the_operator() -> None:
    answer = "    answers: 省里来函说明含本数\n"
    assert warnings(with_rule("收入 <= 低保标准", "收入低于低保标准", more=answer)) == []


def test_a_disagreement_stands_at_the_comparison() -> None:
    found = list(agree(policy(with_rule("财产 < 高线 and 收入 > 线", "财产不足5万元,收入2万元以上"))))
    assert [problem.place.picture().splitlines() for problem in found] == [
        ["        is: 财产 < 高线 and 收入 > 线", "                            ^"]
    ]


@pytest.mark.parametrize(
    "lines",
    [
        'categories:\n  困难:\n    when: 收入 > 线\n    quote: "2万元以上"\n',
        'gates:\n  收入:\n    need: 收入 > 线\n    quote: "2万元以上"\n',
        'categories:\n  困难:\n    when: 财产 > 0\n    because: 试\n    gates:\n      够:\n        need: 收入 > 线\n        quote: "2万元以上"\n',
        'categories:\n  困难:\n    when: 财产 > 0\n    because: 试\napprovals:\n  省:\n    when: 收入 > 线\n    quote: "2万元以上"\n',
        'gates:\n  收入:\n    need: >-\n      财产 > 0 and\n      收入 > 线\n    quote: "2万元以上"\n',
        'gates:\n  收入:\n    need: 财产 > 0 and\n      收入 > 线\n    quote: "2万元以上"\n',
        'notes:\n  提醒:\n    when: 收入 > 线\n    say: 高\n    quote: "2万元以上"\n',
    ],
    ids=["category", "gate", "gate of a category", "approval", "block", "lines", "note"],
)
def test_every_condition_with_a_quote_is_read(lines: str) -> None:
    text = CHINESE + lines
    if lines.startswith("gates"):
        text += "categories:\n  困难:\n    when: 财产 > 0\n    because: 试\n"
    assert warnings(text) == [told("以上", "收入 > 线", ">=", ">")]


# Ends of a range -------------------------------------------------------------------------------

BOTH = """
at_least:
  is: 线
  quote: "{low}"
at_most:
  is: 高线
  quote: "{high}"
"""


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("不低于2万元", "不超过5万元"),
        ("2万元以上", "5万元以下"),
        ("最低2万元", "最高5万元"),
        ("至少2万元", "5万元以内"),
        ("按2万元", "按5万元"),
        ("不低于2万元,不超过5万元", "不低于2万元,不超过5万元"),
    ],
)
def test_words_that_set_the_end_that_they_stand_at_are_let_be(low: str, high: str) -> None:
    assert warnings(with_aid(BOTH.format(low=low, high=high))) == []


def wrong_end(word: str, end: str, operator: str) -> str:
    return (
        f"The quote says “{word}”, and this is the end “{end}” of the range. “{word}” is read as “{operator}”. {REMEDY}"
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("不超过5万元", "不低于2万元", [("不超过", "at_least", "<="), ("不低于", "at_most", ">=")]),
        ("5万元以下", "5万元以下", [("以下", "at_least", "<=")]),
        ("最低2万元", "最低2万元", [("最低", "at_most", ">=")]),
        ("最高不超过5万元", "5万元以内", [("最高", "at_least", "<=")]),
    ],
)
def test_words_that_set_the_other_end_are_found(low: str, high: str, expected: list[tuple[str, str, str]]) -> None:
    assert warnings(with_aid(BOTH.format(low=low, high=high))) == [wrong_end(*one) for one in expected]


def test_words_are_found_where_something_was_already_given() -> None:
    ends = BOTH.format(low="不超过5万元", high="不超过5万元") + "already: 财产\n"
    found = list(agree(policy(with_aid(ends))))
    assert [problem.text().partition(": warning: ")[2] for problem in found] == [wrong_end("不超过", "at_least", "<=")]
    assert found[0].place.written == "          is: 线"


def test_the_quote_of_an_aid_is_that_of_its_only_end() -> None:
    assert warnings(with_aid("at_most: 高线", "不超过5万元")) == []
    assert warnings(with_aid("at_most: 高线", "不低于5万元")) == [wrong_end("不低于", "at_most", ">=")]


def test_the_quote_of_an_aid_with_two_ends_is_that_of_neither() -> None:
    assert warnings(with_aid("at_least: 线\nat_most: 高线", "不超过5万元")) == []


def test_an_exact_amount_has_no_direction() -> None:
    assert warnings(with_aid('exactly:\n  is: 高线\n  quote: "不低于5万元"')) == []


def test_an_answer_at_an_end_silences_it() -> None:
    assert warnings(with_aid('at_most:\n  is: 高线\n  quote: "不低于5万元"\n  answers: 原文有误')) == []


def test_a_number_at_an_end_is_compared_with_its_words() -> None:
    assert warnings(with_aid('at_most:\n  is: 50000\n  quote: "最高不超过5万元"')) == []
    assert warnings(with_aid('at_most:\n  is: 5000\n  quote: "最高不超过5万元"')) == [
        f"The expression says 5000, and its quote says 5万. {REMEDY}"
    ]


# Figures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "quote", "unit"),
    [
        ("24000", "年度内致困费用(损失)在2.4万元以上", "元"),
        ("2.4", "年度内致困费用(损失)在2.4万元以上", "万元"),
        ("80%", "按百分之八十确定", "倍"),
        ("80", "按80%确定", "%"),
        ("100", "四舍五入精确至百", "元"),
        ("0.01", "四舍五入精确到分", "元"),
        ("8", "不低于8个月,不超过12个月", "月/年"),
        ("12", "十二个月", "月/年"),
        ("24", "两年", "月"),
        ("1/3", "三分之一", "倍"),
        ("3", "按一定比例", "倍"),
        ("3", "每户一次", "倍"),
        ("10000", "1至2万元", "元"),
        ("5000", "一次性给予５，０００元", "元"),
        ("80%", "80 percent of the cost", "persons"),
        ("1500000", "up to 1.5 million", "crowns"),
    ],
)
def test_a_figure_that_its_quote_says_is_let_be(value: str, quote: str, unit: str) -> None:
    assert warnings(with_figure(value, quote, unit)) == []


@pytest.mark.parametrize(
    ("value", "quote", "unit", "expected"),
    [
        ("25000", "在2.4万元以上", "元", "25000, and its quote says 2.4万"),
        ("2.5", "在2.4万元以上", "万元", "2.5, and its quote says 2.4万"),
        ("24000", "在2.4万元以上", "万元", "24000, and its quote says 2.4万"),
        ("16000", "最高不超过16万元", "元", "16000, and its quote says 16万"),
        ("15%", "百分之八十", "倍", "0.15, and its quote says 百分之八十"),
        ("8", "八成", "倍", "8, and its quote says 八成"),
        ("10", "四舍五入精确至百", "元", "10, and its quote says 百"),
        ("1", "精确到分", "元", "1, and its quote says 到分"),
        ("9", "不低于8个月,不超过12个月", "月/年", "9, and its quote says 8, 12"),
        ("1/3", "一半", "倍", "1/3, and its quote says 一半"),
        ("80", "80 per cent of the cost", "persons", "80, and its quote says 80 per cent"),
        ("13", "twelve months", "months", "13, and its quote says twelve"),
    ],
)
def test_a_figure_that_its_quote_does_not_say_is_shown_with_it(
    value: str, quote: str, unit: str, expected: str
) -> None:
    assert warnings(with_figure(value, quote, unit)) == [f"The figure “所试” is {expected}. {REMEDY}"]


def test_an_answer_beside_the_quote_silences_the_number() -> None:
    assert warnings(with_figure("16000", "不超过16万元", more="    answers: 疑漏小数点\n")) == []


def test_a_number_reads_in_chinese_as_written() -> None:
    found = list(agree(policy(with_figure("25000", "在2.4万元以上"))))
    assert [problem.place.written for problem in found] == ["    value: 25000"]


# Numbers in an expression ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "quote"),
    [
        ("min(收入 * 0.15, 10000)", "因困支出总额的15%"),
        ("收入 * 15 / 100", "因困支出总额的15%"),
        ("收入 * (1 - 0.2)", "按80%"),
        ("round_half_up(收入, 100)", "四舍五入精确至百"),
        ("收入 + 财产", "按15%"),
        ("收入 * 倍数 * 3", "按15%"),
        ("收入 * 3", "按比例"),
        ("max(收入 - 财产, 0) + 1", "按15%"),
    ],
)
def test_an_expression_whose_number_is_quoted_is_let_be(expression: str, quote: str) -> None:
    assert warnings(with_rule(expression, quote)) == []


@pytest.mark.parametrize(
    ("expression", "quote", "expected"),
    [
        ("收入 * 0.16", "按15%", "0.16, and its quote says 15%"),
        ("收入 * 16 / 100", "按15%", "16, 100, and its quote says 15%"),
        ("min(收入, 1000)", "最高1万元", "1000, and its quote says 1万"),
        ("round_half_up(收入, 10)", "四舍五入精确至百", "10, and its quote says 百"),
    ],
)
def test_an_expression_none_of_whose_numbers_is_quoted_is_shown_with_the_quote(
    expression: str, quote: str, expected: str
) -> None:
    assert warnings(with_rule(expression, quote)) == [f"The expression says {expected}. {REMEDY}"]


def test_an_answer_beside_the_quote_silences_the_numbers_of_an_expression() -> None:
    assert warnings(with_rule("收入 * 0.16", "按15%", more="    answers: 来函更正\n")) == []


# The scheme of 2023 ----------------------------------------------------------------------------

SHIPPED = ROOT / "policies" / "2023"


def scheme(folder: Path, question: str = "") -> Policy:
    """The policy in `folder`, under the other reading of `question`."""
    tree = read_folder(folder).tree
    laid = overlaid(tree, question) if tree is not None and question else tree
    assert laid is not None
    found, problems = elaborate(laid, "", (question,) if question else ())
    assert found is not None and not problems, [problem.text() for problem in problems]
    return found


def changed(folder: Path, file: str, old: str, new: str) -> list[str]:
    """What `agree` says of the scheme of 2023 with `old` replaced by `new` in one of its files."""
    copy = folder / "2023"
    shutil.copytree(SHIPPED, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return [problem.text().partition(": warning: ")[2] for problem in agree(scheme(copy))]


def test_the_check_is_one_of_the_checks(tmp_path: Path) -> None:
    copy = tmp_path / "2023"
    shutil.copytree(SHIPPED, copy)
    file = copy / "figures.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("value: 24000", "value: 25000"), encoding="utf-8")
    said = [problem.wrong for problem in check(load(copy))]
    assert said == [problem.wrong for problem in agree(load(copy))] != []


def test_the_scheme_of_2023_agrees_with_its_words() -> None:
    assert list(agree(scheme(SHIPPED))) == []


def test_a_disagreement_is_among_what_loading_finds(tmp_path: Path) -> None:
    copy = tmp_path / "2023"
    shutil.copytree(SHIPPED, copy)
    figures = copy / "figures.yaml"
    figures.write_text(figures.read_text(encoding="utf-8").replace("value: 24000", "value: 25000"), encoding="utf-8")
    found, problems = examine(copy)
    assert found is not None
    assert [problem.text() for problem in problems] == [
        f"{figures}:17:12: warning: The figure “意外致困认定标准” is 25000, and its quote says 2.4万. {REMEDY}"
    ]


def test_the_other_readings_of_2023_disagree_on_purpose() -> None:
    questions = [question.name for question in scheme(SHIPPED).questions]
    assert len(questions) == 11
    for question in questions:
        assert list(agree(scheme(SHIPPED, question))) == [], question


RANGE = "        at_least: 生活救助最低标准\n        at_most: 生活救助最高标准\n"
EXCHANGED = (
    "        at_least:\n          is: 生活救助最低标准\n          quote: 不超过12个月当地城市低保平均标准\n"
    "        at_most:\n          is: 生活救助最高标准\n          quote: 不低于8个月当地城市低保平均标准\n"
)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "figures.yaml",
            "value: 24000",
            "value: 25000",
            [f"The figure “意外致困认定标准” is 25000, and its quote says 2.4万. {REMEDY}"],
        ),
        (
            "figures.yaml",
            "value: 160000",
            "value: 16000",
            [f"The figure “相对医疗救助封顶” is 16000, and its quote says 16万. {REMEDY}"],
        ),
        (
            "figures.yaml",
            "value: 80%",
            "value: 8%",
            [f"The figure “相对困难帮扶比例” is 0.08, and its quote says 80%. {REMEDY}"],
        ),
        (
            "figures.yaml",
            "value: 100\n",
            "value: 10\n",
            [f"The figure “取整单位” is 10, and its quote says 百. {REMEDY}"],
        ),
        (
            "rules.yaml",
            "    when: 深度人均月收入 < 当地低保月标准",
            "    when: 深度人均月收入 <= 当地低保月标准",
            [told("低于", "深度人均月收入 <= 当地低保月标准", "<", "<=")],
        ),
        (
            "rules.yaml",
            "    when: 相对人均月收入 < 相对困难低保倍数 * 当地低保月标准",
            "    when: 相对困难低保倍数 * 当地低保月标准 >= 相对人均月收入",
            [told("低于", "相对困难低保倍数 * 当地低保月标准 >= 相对人均月收入", "<", "<=")],
        ),
        (
            "rules.yaml",
            "    when: 净损失 >= 意外致困认定标准",
            "    when: 净损失 > 意外致困认定标准",
            [told("以上", "净损失 > 意外致困认定标准", ">=", ">")],
        ),
        (
            "rules.yaml",
            "医疗救助 >= 省总审批起点",
            "医疗救助 > 省总审批起点",
            [told("以上", "医疗救助 > 省总审批起点", ">=", ">")],
        ),
        ("rules.yaml", RANGE, EXCHANGED, [wrong_end("不超过", "at_least", "<="), wrong_end("不低于", "at_most", ">=")]),
    ],
    ids=["24000", "160000", "80%", "100", "<", "sides", ">=", "approval", "exchanged"],
)
def test_a_slip_planted_in_2023_is_found(tmp_path: Path, file: str, old: str, new: str, expected: list[str]) -> None:
    assert changed(tmp_path, file, old, new) == expected


# The words as data -----------------------------------------------------------------------------


def test_both_languages_have_the_same_sorts_of_words() -> None:
    texts = {name: json.loads((WORDS / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh")}
    assert list(texts["en"]) == list(texts["zh"])
    for section in ("bounds", "numerals"):
        assert list(texts["en"][section]) == list(texts["zh"][section])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_words_are_all_usable(language: str) -> None:
    found = words(language)
    for sort in ("before", "behind"):
        assert set(found.bounds[sort].values()) <= {"<", "<=", ">", ">="}
    for sort in ("digits", "scales", "shares", "fixed", "months"):
        assert all(Fraction(value) >= 0 for value in found.numerals[sort].values())
    for section in (found.bounds, found.numerals):
        assert all(re.compile(pattern).groups == 0 for pattern in section["passed_over"])
