"""What an explanation and the notes of a result say, word for word, to an officer and to an auditor."""

import datetime
import json
from pathlib import Path

import openpyxl
import pytest
from small_policies import POLICY, number, policy

import engine

ROOT = Path(__file__).parent.parent
DAY = datetime.date(2023, 8, 1)
CLOSED = {"城市低保平均标准": 747, "当地低保月标准": 738, "家庭人口": 3, "身份证号": "990101198503070017"}
"""Three people in the archive's form, whose standards are given."""


@pytest.fixture(scope="module")
def scheme() -> engine.Policy:
    return engine.load(ROOT / "policies" / "2023")


def explained(scheme: engine.Policy, **facts: object) -> engine.Explanation:
    return engine.explain(scheme, {**CLOSED, "已建档": "是", "家庭年收入": 20000, **facts}, today=DAY)


def lines(scheme: engine.Policy, **facts: object) -> list[str]:
    return [line.strip() for line in explained(scheme, **facts).text().splitlines()]


# Amounts


def test_an_amount_that_rounding_lifts_above_its_ceiling_says_so(scheme: engine.Policy) -> None:
    facts = {"家庭年收入": 66000, "致困支出总额": "48000.10"}
    found = lines(scheme, **facts)
    assert "意外救助：上限7,200.015 元/年，下限0 元/年" in found
    assert "意外救助：7,200.015 元/年四舍五入到付款最小单位 0.01，为7,200.02 元/年，因此比上限高0.005 元/年" in found
    assert "意外救助按付款单位四舍五入，因此略高于上限" in explained(scheme, **facts).decision.notes


def test_an_amount_within_its_range_has_no_note_of_rounding(scheme: engine.Policy) -> None:
    notes = explained(scheme, 家庭年收入=66000, 致困支出总额="48000.00").decision.notes
    assert not [note for note in notes if "四舍五入" in note]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "生活救助：给予8,964 元/年（没有核定，取上限）"),
        ({"核定生活救助": 6000}, "生活救助：给予6,000 元/年（按核定）"),
        ({"核定生活救助": 4800}, "生活救助：给予5,976 元/年（核定4,800 元/年，低于下限，取下限）"),
        ({"核定生活救助": 9000}, "生活救助：给予8,964 元/年（核定9,000 元/年，高于上限，取上限）"),
        ({"核定生活救助": 0}, "生活救助：未给，因为核定生活救助填0，即核定不给"),
    ],
)
def test_an_amount_says_who_settled_it(scheme: engine.Policy, facts: dict[str, object], told: str) -> None:
    assert told in lines(scheme, **facts)


def test_the_floor_that_the_other_reading_gives_is_called_the_floor() -> None:
    other = engine.load(ROOT / "policies" / "2023", questions=["未核定按下限"])
    assert "生活救助：给予5,976 元/年（没有核定，取下限）" in lines(other)


def test_what_came_off_an_end_of_a_range_is_told_and_only_then(scheme: engine.Policy) -> None:
    assert "生活救助·上限 = 生活救助最高标准 = 8,964 元/年 〔二(二)1〕" in lines(scheme)
    found = lines(scheme, 年内已获生活救助=3000, 家庭年收入=10000)
    assert "生活救助·上限·扣减前 = 生活救助最高标准 = 8,964 元/年 〔二(二)1〕" in found
    assert (
        "生活救助·上限 = 生活救助·上限·扣减前 − 年内已获生活救助，不低于0 = 8,964 − 3,000，不低于0 = 5,964 元/年 〔二(二)1〕"
        in found
    )


# Clauses


def test_the_clause_of_the_categorys_own_gate_is_among_those_that_decided(scheme: engine.Policy) -> None:
    decision = explained(scheme, 年内已获生活救助=8964).decision
    assert (decision.category, decision.conclusion) == ("相对困难职工", "本年已足额")
    assert decision.clauses == ("二(一)2", "二(二)2")


GATED = """
    categories:
      poor:
        when: income < 50
        clause: § 1
        aids:
          food:
            exactly: 10
            clause: § 2
          rent:
            at_most: income
            clause: § 3
            gates:
              tenant:
                need: rooms > 0
                clause: § 4
        several:
          give: all
          clause: § 5
    conclusions:
      none_holds: none
      nothing_left: nothing
      payable: payable
"""


@pytest.mark.parametrize(
    ("income", "rooms", "clauses"),
    [
        (50, 1, ("§ 1",)),
        (0, 1, ("§ 1", "§ 2")),
        (20, 0, ("§ 1", "§ 2", "§ 4", "§ 5")),
        (20, 1, ("§ 1", "§ 2", "§ 3", "§ 5")),
    ],
    ids=["no category", "one aid is nothing", "the gate of an aid", "both aids"],
)
def test_clauses_are_those_of_all_that_decided(
    tmp_path: Path, income: int, rooms: int, clauses: tuple[str, ...]
) -> None:
    found = policy(tmp_path, facts="facts:\n" + number("income") + number("rooms"), rules=GATED)
    assert set(engine.decide(found, {"income": income, "rooms": rooms}).clauses) == set(clauses)


# Lines met exactly


def test_a_recheck_exactly_on_the_line_has_a_note(scheme: engine.Policy) -> None:
    note = "第2次核算·深度人均月收入正好等于当地低保月标准（“<”不含本数）"
    on, below = ({"家庭年收入": income, "医疗个人负担": 5000} for income in ("17604", "17603.99"))
    assert note in explained(scheme, **on).decision.notes
    assert note not in explained(scheme, **below).decision.notes
    assert note not in explained(scheme, **on | {"医疗个人负担": 0}).decision.notes


def test_a_line_on_which_nothing_hangs_has_no_note(scheme: engine.Policy) -> None:
    """20,000 元 of 相对 stand on the line of an approval that is only for 深度."""
    note = "医疗救助正好等于省总审批起点（“≥”含本数）"
    relative = explained(scheme, 医疗个人负担=25000)
    assert (relative.decision.category, relative.decision.total) == ("相对困难职工", 20000)
    assert note not in relative.decision.notes
    deep = explained(scheme, 家庭年收入=0, 医疗个人负担=20000, 核定生活救助=0)
    assert (deep.decision.category, deep.decision.approval) == ("深度困难职工", "省总工会")
    assert note in deep.decision.notes


PERSONS = """
    groups:
      persons:
        meaning: the persons
        at_least: 0
        at_most: 5
        facts:
          age:
            kind: count
            unit: person
            meaning: the age
            at_least: 0
            at_most: 120
            step: 1
"""


@pytest.mark.parametrize(
    ("when", "note"),
    [
        ("any(age < limit)", "for somebody, age equals limit exactly (“<” excludes it)"),
        ("sum(1 if age >= limit else 0) > 0", "for somebody, age equals limit exactly (“≥” includes it)"),
        ("rooms > 2 and any(age < limit)", None),
        ("any(age > 50 and age < limit)", None),
    ],
)
def test_a_person_exactly_on_a_line_has_a_note_where_the_line_decides(
    tmp_path: Path, when: str, note: str | None
) -> None:
    rules = f"""
        categories:
          young:
            when: {when}
            aids:
              help:
                exactly: 10
        conclusions:
          none_holds: none
          nothing_left: nothing
          payable: payable
    """
    facts = "facts:\n" + number("rooms") + number("limit") + PERSONS.replace("\n    ", "\n").lstrip("\n")
    found = policy(tmp_path, facts=facts, rules=rules) if "rooms" in when else None
    if found is None:
        found = policy(tmp_path, facts=facts.replace(number("rooms"), ""), rules=rules)
    household = {"limit": 18, "persons": [{"age": 18}, {"age": 40}]} | ({"rooms": 2} if "rooms" in when else {})
    said = [text for text in engine.decide(found, household).notes if "exactly" in text]
    assert (note in said) if note else not [text for text in said if "age" in text]


# Reasons


def test_a_truth_of_several_parts_says_which_of_them_failed(scheme: engine.Policy) -> None:
    found = lines(scheme, 医疗个人负担=25000)
    line = next(line for line in found if line.startswith("审批·省总工会"))
    assert line.endswith("且 20,000 ≥ 20,000，不成立，因为困难类别为“相对困难职工” 〔二(二)1〕")
    assert next(line for line in found if line.startswith("审批·全国总工会")).endswith(
        "不成立，因为困难类别为“相对困难职工”，医疗救助比全总审批起点低30,000 元/年 〔二(二)1〕"
    )


def test_a_gate_says_in_words_what_it_met(scheme: engine.Policy) -> None:
    assert "生活救助：未给，因为已获为8,964 元/年，不等于0（本年已获帮扶）" in lines(scheme, 年内已获生活救助=8964)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"已建档": "否"}, "可发放合计：0（应建档），因为已建档为否"),
        ({"身份证号": ""}, "可发放合计：0（实名核验未通过），因为身份证号未填"),
    ],
)
def test_a_gate_of_the_policy_says_what_holds_the_money_back(
    scheme: engine.Policy, facts: dict[str, object], told: str
) -> None:
    assert told in lines(scheme, **facts)


def test_a_second_gate_that_is_not_met_is_told_as_well(scheme: engine.Policy) -> None:
    found = lines(scheme, 已建档="否", 身份证号="")
    assert found[found.index("可发放合计：0（应建档），因为已建档为否") + 1] == "另外：身份证号未填（实名核验未通过）"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {},
            (
                "意外致困职工：不符合，因为净损失比意外致困认定标准低24,000 元/年",
                "相对困难职工符合而未选定：按上限计合计7,200 元/年，低于深度困难职工的8,964 元/年",
                "医疗救助：未给，因为上限为0",
                "相对困难职工的生活救助、医疗救助、助学救助：未给，因为选定的类别是深度困难职工",
                "意外致困职工的意外救助：未给，因为不符合意外致困职工",
            ),
        ),
        (
            {"家庭年收入": 60000},
            (
                "深度困难职工：不符合，因为深度人均月收入比当地低保月标准高约928.67 元/月",
                "没有符合的类别",
                "深度困难职工的生活救助、医疗救助、助学救助：未给，因为不符合深度困难职工",
                "相对困难职工的生活救助、医疗救助、助学救助：未给，因为不符合相对困难职工",
                "意外致困职工的意外救助：未给，因为不符合意外致困职工",
                "审批：不需要，没有符合的类别",
            ),
        ),
        (
            {"家庭年收入": 26568},
            (
                "深度困难职工：不符合，因为深度人均月收入正好等于当地低保月标准（“<”不含本数）",
                "只有相对困难职工符合，选定相对困难职工",
            ),
        ),
        (
            {"医疗个人负担": 20000},
            (
                "医疗救助：未给，因为计入前一救助后再次核算，不再符合深度困难职工："
                "第2次核算·深度人均月收入比当地低保月标准高约66.56 元/月",
                "生活救助：未给，因为只给予一项，给予的是医疗救助",
            ),
        ),
    ],
    ids=["deep", "none", "on the line", "recheck"],
)
def test_every_category_and_aid_that_is_not_given_has_its_reason(
    scheme: engine.Policy, facts: dict[str, object], told: tuple[str, ...]
) -> None:
    found = lines(scheme, **facts)
    assert [line for line in told if line not in found] == []


# Numbers and where they come from


def test_a_number_that_does_not_end_is_not_said_to_equal_its_two_places(scheme: engine.Policy) -> None:
    found = lines(scheme)
    assert any(line.endswith("= (20,000 − 0) ÷ 12 ÷ 3 ≈ 555.56 元/月 〔二(一)1〕") for line in found)
    assert not [line for line in found if "= 约" in line]


def test_a_standard_out_of_a_table_says_which(scheme: engine.Policy) -> None:
    household = {"家庭人口": 3, "家庭年收入": 20000, "城市": "阜阳", "县区": "颍州"}
    told = engine.explain(scheme, household, today=DAY).text()
    assert "\n  当地低保月标准：738 元/月（查表：低保标准）\n" in told
    assert "\n  核算日期：2023-08-01（未填，按运行当日）\n" in told


# JSON


def test_the_json_has_the_keys_and_exact_numbers_that_the_reference_promises(scheme: engine.Policy) -> None:
    content = json.loads(explained(scheme).json())
    assert list(content) == ["decision", "outputs", "holds", "sections", "trace"]
    assert list(content["decision"]) == [
        "category",
        "conclusion",
        "aids",
        "total",
        "payable",
        "approval",
        "clauses",
        "notes",
        "policy",
        "year",
        "fingerprint",
    ]
    assert content["decision"]["aids"][0] == {
        "name": "生活救助",
        "floor": "5976",
        "ceiling": "8964",
        "amount": "8964",
        "is_chosen": False,
    }
    assert [section["part"] for section in content["sections"]] == [
        "household",
        "categories",
        "choice",
        "aids",
        "result",
    ]
    line = next(line for line in content["sections"][1]["lines"] if line.get("name") == "深度人均月收入")
    assert (line["exact"], line["unit"], line["clause"]) == ("5000/9", "元/月", "二(一)1")
    test = next(line for line in content["sections"][1]["lines"] if line.get("name") == "深度困难职工")
    assert (test["exact"], test["distance"]) == ("true", "-1642/9")
    assert content["trace"]["深度人均月收入"] == "5000/9"
    assert content["trace"]["深度困难职工"] is True


def _numbers(node: object) -> list[object]:
    if isinstance(node, dict):
        return [found for value in node.values() for found in _numbers(value)]
    if isinstance(node, list):
        return [found for value in node for found in _numbers(value)]
    return [node] if isinstance(node, (int, float)) and not isinstance(node, bool) else []


def test_the_json_holds_no_number_that_a_reader_could_round(scheme: engine.Policy) -> None:
    assert _numbers(json.loads(explained(scheme, 医疗个人负担="20000.05").json())) == []


# The page, the input sheet and the help


def test_the_page_shows_the_words_of_a_table_the_numbers_of_bands_and_what_is_removed(tmp_path: Path) -> None:
    zone = "  zone:\n    kind: text\n    meaning: the zone\n    choices:\n      - A\n"
    facts = "facts:\n" + zone + number("size", unit="square_metre")
    tables = """
        tables:
          rents:
            unit: GBP/month
            keys:
              - zone
            clause: § 7
            quote: the rents of the zones
            rows:
              - zone: A
                value: 12
    """
    rules = """
        rules:
          rent:
            is: lookup(rents, zone)
          step:
            unit: person
            bands:
              - when: size <= 40
                is: 1
              - when: size > 40
                is: 2
        outputs:
          - rent
          - step
    """
    units = POLICY.replace("- share", "- share\n        - square_metre")
    (tmp_path / "2024").mkdir()
    shown = engine.page_of(policy(tmp_path / "2024", policy=units, facts=facts, tables=tables, rules=rules))
    assert "Table rents (GBP/month)\n  〔§ 7〕  “the rents of the zones”  (tables.yaml:2)\n" in shown
    assert "step·end1_upper = 40 square_metre  (rules.yaml:" in shown
    assert "step·band2 = 2 person  (rules.yaml:" in shown
    assert " *  " not in shown


def test_the_page_of_a_year_that_extends_lists_what_it_removes() -> None:
    shown = engine.page_of(engine.load(ROOT / "examples" / "policies" / "anhui-sister-2023"))
    assert "\n不再适用\n" in shown
    assert "\n  - questions.未核定按下限  〔深度 生活〕  “exactly 10 months”  (policy.yaml:" in shown


def test_what_a_blank_means_is_said_in_the_language_of_the_policy(scheme: engine.Policy, tmp_path: Path) -> None:
    engine.create_template(scheme, tmp_path / "sheet.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "sheet.xlsx")["说明"]
    blank = {str(row[0]): row[5] for row in sheet.iter_rows(values_only=True)}
    assert [
        blank[name] for name in ("核算日期", "已建档", "因病支出", "当地低保月标准", "家庭人口", "核定生活救助")
    ] == [
        "默认为当天",
        "否",
        "0",
        "查表：低保标准",
        "必填",
        "未填",
    ]


def test_an_english_explanation_reads_as_english_and_names_the_order_where_that_chose() -> None:
    household = {
        "day": "2022-03-01",
        "number": "990101198503070017",
        "income": 8000,
        "rent": 2000,
        "filed": "yes",
        "town": "Aford",
        "district": "north",
    }
    told = engine.explain(engine.load(ROOT / "tests" / "years" / "2022"), household).text()
    assert "  owner holds and is not chosen: tenant stands before it, and the first that holds is chosen\n" in told
    assert (
        "  heating ceiling = the highest of (the lowest of share × rent, cap), least"
        " = the highest of (the lowest of 0.5 × 2,000, 500), 100 = 500 EUR/year\n"
    ) in told
    assert "\n  clauses:" not in told
