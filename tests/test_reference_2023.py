"""The reference of the 2023 scheme against amounts worked out by hand, and the reach of its households."""

from collections import Counter
from datetime import date
from fractions import Fraction
from functools import cache

import pytest
from households_2023 import households, lines_touched
from reference_2023 import AIDS, CATEGORIES, decide

DEEP, RELATIVE, ACCIDENT = CATEGORIES
# 990105 1949-12-31 002: the weighted sum is 9 mod 11, so the check character is 3 (GB 11643, by hand).
REAL_ID = "990105194912310023"


def yuan(text: str) -> Fraction:
    """元 as written, exact."""
    return Fraction(text.replace(",", ""))


def household(**changes: object) -> dict[str, object]:
    """The page's household: 3 people, income 20,000, 747 and 738, filed, ID valid; 36 x 738 is 26,568."""
    facts: dict[str, object] = {
        "家庭人口": 3,
        "家庭年收入": 20000,
        "当地低保月标准": 738,
        "城市低保平均标准": 747,
        "已建档": True,
        "身份证号": REAL_ID,
    }
    return facts | changes


def given(decision: dict[str, object]) -> dict[str, object]:
    """The aids above 0."""
    return {aid: decision[aid] for aid in AIDS if decision[aid]}


def summary(decision: dict[str, object]) -> tuple[object, object, dict[str, object]]:
    """Category, conclusion and the aids above 0."""
    return decision["困难类别"], decision["结论"], given(decision)


# The six households of the page ------------------------------------------------------------


def test_household_a_is_relative_with_medical_aid_because_the_recheck_fails():
    decision = decide(household(医疗个人负担=20000))
    assert summary(decision) == (RELATIVE, "可帮扶", {"医疗救助": 16000})
    assert decision["holds"] == (DEEP, RELATIVE)
    assert (decision["合计"], decision["可发放合计"], decision["审批"]) == (16000, 16000, "")


def test_household_b_needs_no_approval_at_20000_in_relative():
    decision = decide(household(医疗个人负担=25000))
    assert summary(decision) == (RELATIVE, "可帮扶", {"医疗救助": 20000})
    assert decision["审批"] == ""


def test_household_c_is_lifted_to_the_floor():
    decision = decide(household(核定生活救助=4800))
    assert summary(decision) == (DEEP, "可帮扶", {"生活救助": 5976})
    assert (decision["生活救助下限"], decision["生活救助上限"]) == (5976, 8964)


def test_household_d_gives_living_aid_between_equals():
    decision = decide(household(家庭年收入=40000, 医疗个人负担=9000))
    assert summary(decision) == (RELATIVE, "可帮扶", {"生活救助": 7200})
    assert (decision["医疗救助上限"], decision["生活救助下限"]) == (7200, 4800)


def test_household_e_is_deep_between_equals():
    decision = decide(household(致困支出总额=59760))
    assert summary(decision) == (DEEP, "可帮扶", {"生活救助": 8964})
    assert decision["holds"] == CATEGORIES


def test_household_f_is_relative_with_nothing_to_give():
    decision = decide(household(年内已获生活救助=8964))
    assert summary(decision) == (RELATIVE, "本年已足额", {})
    assert decision["holds"] == (RELATIVE,)
    assert (decision["合计"], decision["可发放合计"]) == (0, 0)


# 二(一) filing standards ------------------------------------------------------------


@pytest.mark.parametrize(
    ("income", "holding"),
    [
        ("26567.99", (DEEP, RELATIVE)),  # 36 x 738 = 26,568
        ("26568", (RELATIVE,)),
        ("53135.99", (RELATIVE,)),  # 36 x 1,476 = 53,136
        ("53136", ()),
    ],
)
def test_an_income_on_the_line_is_not_below_it(income, holding):
    assert decide(household(家庭年收入=yuan(income)))["holds"] == holding


def test_nothing_is_given_where_no_category_holds():
    decision = decide(household(家庭年收入=53136, 已建档=False))
    assert summary(decision) == ("", "不符合建档标准", {})
    assert (decision["生活救助上限"], decision["意外救助上限"], decision["审批"]) == (0, 0, "")


def test_working_costs_count_in_relative_only():
    facts = household(家庭年收入=54136, 必要就业成本=yuan("1000.01"))
    assert decide(facts)["holds"] == (RELATIVE,)
    assert decide(facts | {"必要就业成本": 1000})["holds"] == ()
    assert decide(household(家庭年收入=26568, 必要就业成本=9000))["holds"] == (RELATIVE,)


def test_the_three_expenses_and_all_four_prior_aids_count_in_the_income():
    expenses = {"因病支出": 10000, "因残支出": 2000, "子女上学支出": 3000}  # 15,000
    prior = {"年内已获生活救助": 1, "年内已获医疗救助": 2, "年内已获助学救助": 3, "年内已获意外救助": 4}
    line = 26568 + 15000 - 10
    assert decide(household(家庭年收入=line, **expenses, **prior))["holds"] == (RELATIVE,)
    assert decide(household(家庭年收入=line - 1, **expenses, **prior))["holds"] == (DEEP, RELATIVE)


def test_a_net_loss_of_24000_holds_and_one_cent_less_does_not():
    facts = household(家庭年收入=60000, 致困支出总额=30000, 赔偿补偿=3000, 保险支付=1500, 社会救助=1000, 社会帮扶=500)
    assert summary(decide(facts)) == (ACCIDENT, "可帮扶", {"意外救助": 4500})
    assert decide(facts | {"社会帮扶": yuan("500.01")})["困难类别"] == ""


def test_the_income_is_accepted_under_its_second_name():
    facts = household(家庭年收入=None, 家庭年度总收入=53136)
    assert decide(facts)["holds"] == ()


# 二(二) 深度 ------------------------------------------------------------


def test_a_recheck_on_the_line_fails_and_one_cent_below_passes():
    facts = household(家庭年收入=17604, 医疗个人负担=1000)  # 17,604 + 8,964 = 26,568
    assert given(decide(facts)) == {"生活救助": 8964}
    facts["家庭年收入"] = yuan("17603.99")
    assert given(decide(facts)) == {"生活救助": 8964, "医疗救助": 1000}


def test_schooling_skips_a_medical_aid_of_zero():
    decision = decide(household(家庭年收入=5000, 在学子女数=2))
    assert given(decision) == {"生活救助": 8964, "助学救助": 14940}  # 10 x 747 x 2
    assert decision["合计"] == 23904


@pytest.mark.parametrize(
    ("burden", "approval"),
    [("19999.99", ""), ("20000", "省总工会"), ("49999.99", "省总工会"), ("50000", "全国总工会")],
)
def test_approval_begins_at_20000_and_50000(burden, approval):
    decision = decide(household(因病支出=100000, 医疗个人负担=yuan(burden)))
    assert decision["合计"] == 8964 + yuan(burden)
    assert decision["审批"] == approval


def test_approval_looks_at_the_amount_chosen():
    facts = household(因病支出=100000, 医疗个人负担=60000, 核定医疗救助=yuan("19999.99"))
    assert decide(facts)["审批"] == ""


def test_prior_aid_comes_off_ceiling_and_floor():
    decision = decide(household(家庭年收入=10000, 年内已获生活救助=5000, 核定生活救助=500))
    assert (decision["生活救助下限"], decision["生活救助上限"]) == (976, 3964)
    assert given(decision) == {"生活救助": 976}


def test_a_floor_does_not_fall_below_zero():
    decision = decide(household(家庭年收入=10000, 年内已获生活救助=6000))
    assert (decision["生活救助下限"], decision["生活救助上限"], decision["合计"]) == (0, 2964, 2964)


def test_an_aid_chosen_as_zero_is_skipped_and_the_category_stays():
    decision = decide(household(医疗个人负担=3000, 核定生活救助=0))
    assert summary(decision) == (DEEP, "可帮扶", {"医疗救助": 3000})


def test_a_choice_above_the_ceiling_becomes_the_ceiling():
    assert given(decide(household(核定生活救助=yuan("8964.01")))) == {"生活救助": 8964}


def test_the_recheck_uses_the_amount_chosen():
    facts = household(家庭年收入=20500, 医疗个人负担=2000, 核定生活救助=6068)  # 26,568
    assert given(decide(facts)) == {"生活救助": 6068}
    facts["核定生活救助"] = yuan("6067.99")
    assert given(decide(facts)) == {"生活救助": yuan("6067.99"), "医疗救助": 2000}


def test_a_choice_never_moves_the_category():
    decision = decide(household(医疗个人负担=20000, 核定生活救助=5976))
    assert summary(decision) == (RELATIVE, "可帮扶", {"生活救助": 5976})


# 二(二) 相对 ------------------------------------------------------------


@pytest.mark.parametrize(
    ("burden", "amount"),
    [
        ("199937.49", 159900),  # 159,949.992
        ("199937.50", 160000),  # 159,950
        ("200062.50", 160000),  # 160,050 rounds to 160,100, above the cap
    ],
)
def test_relative_medical_aid_stops_at_160000(burden, amount):
    assert given(decide(household(家庭年收入=40000, 医疗个人负担=yuan(burden)))) == {"医疗救助": amount}


@pytest.mark.parametrize(
    ("burden", "expected"),
    [
        ("9062.49", {"生活救助": 7200}),  # 7,249.992 rounds to 7,200, equal to 生活救助
        ("9062.50", {"医疗救助": 7300}),  # 7,250
    ],
)
def test_a_half_hundred_rounds_up(burden, expected):
    assert given(decide(household(家庭年收入=40000, 医疗个人负担=yuan(burden)))) == expected


def test_the_rounded_medical_aid_stops_at_the_burden():
    decision = decide(household(家庭年收入=40000, 医疗个人负担=yuan("62.50"), 核定生活救助=0))
    assert given(decision) == {"医疗救助": yuan("62.50")}  # 50 rounds to 100
    decision = decide(household(家庭年收入=40000, 医疗个人负担=yuan("62.49"), 核定生活救助=0))
    assert summary(decision) == (RELATIVE, "本年已足额", {})  # 49.992 rounds to 0


def test_relative_schooling_is_rounded_for_each_student():
    facts = household(家庭年收入=40000, 城市低保平均标准=yuan("743.75"), 在学子女数=3)
    assert given(decide(facts)) == {"助学救助": 18000}  # 5,950 rounds to 6,000
    facts["城市低保平均标准"] = yuan("743.74")
    assert given(decide(facts)) == {"助学救助": 17700}  # 5,949.92 rounds to 5,900


def test_both_ends_of_relative_living_aid_are_rounded():
    decision = decide(household(家庭年收入=40000, 城市低保平均标准=yuan("744.79")))
    assert (decision["生活救助下限"], decision["生活救助上限"]) == (4800, 7100)  # 4,766.656 and 7,149.984
    decision = decide(household(家庭年收入=40000, 城市低保平均标准=yuan("742.18")))
    assert (decision["生活救助下限"], decision["生活救助上限"]) == (4700, 7100)  # 4,749.952 and 7,124.928


def test_a_recorded_aid_is_the_one_given_in_relative():
    facts = household(家庭年收入=40000, 医疗个人负担=20000, 核定生活救助=4000)
    assert given(decide(facts)) == {"生活救助": 4800}
    facts["核定生活救助"] = 6000
    assert given(decide(facts)) == {"生活救助": 6000}


def test_one_cent_already_given_leaves_nothing_in_relative():
    decision = decide(household(家庭年收入=40000, 年内已获意外救助=yuan("0.01")))
    assert summary(decision) == (RELATIVE, "本年已足额", {})


def test_a_recorded_aid_with_ceiling_zero_gives_nothing():
    assert summary(decide(household(家庭年收入=40000, 核定医疗救助=500))) == (RELATIVE, "本年已足额", {})


def test_two_recorded_aids_are_a_problem_in_relative_only():
    choices = {"医疗个人负担": 100, "核定生活救助": 6000, "核定医疗救助": 50}
    with pytest.raises(ValueError, match="生活救助, 医疗救助"):
        decide(household(家庭年收入=40000, **choices))
    assert given(decide(household(**choices))) == {"生活救助": 6000, "医疗救助": 50}  # 深度: 26,000 < 26,568
    assert given(decide(household(家庭年收入=40000, **choices | {"核定医疗救助": 0}))) == {"生活救助": 6000}


# 二(二) 意外致困 ------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "amount"),
    [
        ("24000.10", "3600.02"),  # 3,600.015
        ("66666.63", "9999.99"),  # 9,999.9945
        ("66666.66", "10000"),  # 9,999.999
        ("66666.67", "10000"),  # 10,000.0005, above the cap
    ],
)
def test_accident_aid_is_fifteen_percent_to_the_cent(loss, amount):
    decision = decide(household(家庭年收入=60000, 致困支出总额=yuan(loss)))
    assert given(decision) == {"意外救助": yuan(amount)}


def test_prior_accident_aid_comes_off_the_cap():
    facts = household(家庭年收入=60000, 致困支出总额=100000, 年内已获意外救助=yuan("9999.99"))
    assert summary(decide(facts)) == (ACCIDENT, "可帮扶", {"意外救助": yuan("0.01")})
    facts["年内已获意外救助"] = 10000
    assert summary(decide(facts)) == (ACCIDENT, "本年已足额", {})


@pytest.mark.parametrize(
    ("loss", "category"),
    [("48000.03", RELATIVE), ("48000.04", ACCIDENT)],  # 7,200.0045 is 7,200.00; 7,200.006 is 7,200.01
)
def test_relative_comes_before_accident_between_equal_whole_cents(loss, category):
    assert decide(household(家庭年收入=40000, 致困支出总额=yuan(loss)))["困难类别"] == category


# 先建档、后帮扶、实名制 ------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "conclusion"),
    [
        ({"已建档": None, "身份证号": None}, "应建档"),
        ({"身份证号": None}, "实名核验未通过"),
        ({"身份证号": REAL_ID[:17]}, "实名核验未通过"),
        ({"身份证号": "990105194912310024"}, "实名核验未通过"),
        ({"身份证号": "990105194902300024"}, "实名核验未通过"),  # right check character, 30 February
        ({"身份证号": "99010519491231004X"}, "可帮扶"),
    ],
)
def test_a_gate_holds_the_money_back_and_shows_the_entitlement(changes, conclusion):
    decision = decide(household(因病支出=100000, 医疗个人负担=20000, **changes))
    assert summary(decision) == (DEEP, conclusion, {"生活救助": 8964, "医疗救助": 20000})
    assert decision["审批"] == "省总工会"
    assert decision["可发放合计"] == (28964 if conclusion == "可帮扶" else 0)


@pytest.mark.parametrize(
    "changes",
    [{"家庭年收入": None}, {"家庭人口": 0}, {"家庭人口": 31}, {"家庭人口": None}, {"当地低保月标准": None}],
)
def test_a_fact_the_decision_needs_is_a_problem_when_blank(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        decide(household(**changes))


# The other readings ------------------------------------------------------------

OTHER_READINGS = [
    # number, facts, as read, read the other way
    (1, {"家庭年收入": 40000, "医疗个人负担": 100000}, {"医疗救助": 80000}, {"医疗救助": 16000}),
    (2, {"致困支出总额": 50000}, {"生活救助": 8964}, {"生活救助": 5976}),
    (2, {"家庭年收入": 40000}, {"生活救助": 7200}, {"生活救助": 4800}),
    (2, {"家庭年收入": 40000, "医疗个人负担": 7500}, {"生活救助": 7200}, {"医疗救助": 6000}),
    (3, {"医疗个人负担": 3000}, {"生活救助": 8964}, {"生活救助": 8964, "医疗救助": 3000}),
    (
        4,  # before 助学救助: 18,964 as read, 38,964 once 20,000 has come off 因病支出; the line is 26,568
        {"家庭年收入": 40000, "因病支出": 50000, "医疗个人负担": 20000, "在学子女数": 1},
        {"生活救助": 8964, "医疗救助": 20000, "助学救助": 7470},
        {"生活救助": 8964, "医疗救助": 20000},
    ),
    (5, {"家庭年收入": 60000, "致困支出总额": 24000, "赔偿补偿": 1}, {}, {"意外救助": 3600}),
    (6, {"家庭年收入": 40000, "医疗个人负担": 9049}, {"生活救助": 7200}, {"医疗救助": 9049}),
    (10, {"家庭年收入": 60000, "致困支出总额": 30000}, {"意外救助": 4500}, {}),
    (11, {"医疗个人负担": 20000}, {"医疗救助": 16000}, {"生活救助": 8964}),
]


@pytest.mark.parametrize(("number", "changes", "as_read", "otherwise"), OTHER_READINGS)
def test_the_other_reading_of_a_question_changes_what_is_given(number, changes, as_read, otherwise):
    assert given(decide(household(**changes))) == as_read
    assert given(decide(household(**changes), frozenset({number}))) == otherwise


def test_question_8_asks_approval_in_relative():
    assert decide(household(医疗个人负担=25000), frozenset({8}))["审批"] == "省总工会"


def test_question_9_adds_what_was_given_this_year():
    facts = household(因病支出=100000, 医疗个人负担=20000, 年内已获医疗救助=15000)
    assert (decide(facts)["医疗救助"], decide(facts)["审批"]) == (5000, "")
    assert decide(facts, frozenset({9}))["审批"] == "省总工会"


# The generated households ------------------------------------------------------------

MADE_UP = tuple(households(2023, 2000))


def _decided(facts: dict[str, object], other: frozenset[int] = frozenset()) -> dict[str, object] | str:
    """The decision, or the text of the problem."""
    try:
        return decide(facts, other)
    except ValueError as problem:
        return str(problem)


@cache
def _outcomes() -> tuple[dict[str, object] | str, ...]:
    """What comes of every generated household, as read."""
    return tuple(_decided(facts) for facts in MADE_UP)


def _decisions() -> list[dict[str, object]]:
    """The decision of every generated household that has no problem."""
    return [outcome for outcome in _outcomes() if isinstance(outcome, dict)]


def test_generated_households_reach_everything_a_decision_can_say():
    decisions = _decisions()
    assert len(decisions) > 1900
    assert {decision["困难类别"] for decision in decisions} == {"", *CATEGORIES}
    conclusions = {decision["结论"] for decision in decisions}
    assert conclusions == {"不符合建档标准", "应建档", "实名核验未通过", "本年已足额", "可帮扶"}
    assert {decision["审批"] for decision in decisions} == {"", "省总工会", "全国总工会"}
    for category, aids in ((DEEP, AIDS[:3]), (RELATIVE, AIDS[:3]), (ACCIDENT, AIDS[3:])):
        reached = {aid for decision in decisions if decision["困难类别"] == category for aid in given(decision)}
        assert reached == set(aids)


def test_only_two_recorded_aids_make_a_generated_household_a_problem():
    problems = [outcome for outcome in _outcomes() if isinstance(outcome, str)]
    assert problems
    assert all("gives one aid only" in problem for problem in problems)


def test_most_generated_households_are_on_or_next_to_a_line():
    touched = Counter(line for facts in MADE_UP for line in set(lines_touched(facts)))
    assert sum(1 for facts in MADE_UP if lines_touched(facts)) > len(MADE_UP) // 2
    assert len(touched) == 25, touched
    assert min(touched.values()) >= 15, touched


@pytest.mark.parametrize("amount", ["19999.99", "20000", "20000.01", "49999.99", "50000", "50000.01"])
def test_generated_households_are_given_medical_aid_around_each_approval(amount):
    assert any(d["困难类别"] == DEEP and d["医疗救助"] == yuan(amount) for d in _decisions())


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 8, 9, 10, 11])
def test_every_other_reading_changes_a_generated_household(number):
    outcomes = zip(MADE_UP, _outcomes(), strict=True)
    changed = sum(_decided(facts, frozenset({number})) != as_read for facts, as_read in outcomes)
    assert changed >= 10


def test_generated_households_are_the_same_for_the_same_seed():
    assert tuple(households(2023, 50)) == MADE_UP[:50]
    assert tuple(households(2024, 50)) != MADE_UP[:50]


def test_generated_households_hold_no_float_and_no_id_twice():
    numbers = [facts["身份证号"] for facts in MADE_UP if facts.get("身份证号")]
    assert len(numbers) == len(set(numbers)) > 1800
    assert all(number.startswith("99") for number in numbers)
    allowed = (int, Fraction, str, date, type(None))
    assert all(isinstance(value, allowed) for facts in MADE_UP for value in facts.values())
