"""The schemas of a policy's files: what they let pass, and word for word what is said of what they do not."""

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from engine.elaborate.declarations import FORMS
from engine.expression import ROUNDINGS
from engine.messages import languages_of_policies
from engine.schema import folder, kinds, problems
from engine.source import Branch, number, read, read_text

ROOT = Path(__file__).parent.parent
SHIPPED = tuple(sorted((ROOT / "policies").glob("*/*.yaml")))
EXPECTATIONS = {"number", "expression", "name", "text", "date", "truth", "year", "choice", "value"}
DRAFT_07 = """
    $id $schema $ref $comment title description default readOnly writeOnly examples multipleOf maximum
    exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern additionalItems items maxItems minItems
    uniqueItems contains maxProperties minProperties required additionalProperties definitions properties
    patternProperties dependencies propertyNames const enum type format contentMediaType contentEncoding
    if then else allOf anyOf oneOf not
"""
OF_OUR_OWN = {"x-expects", "x-against", "x-always"}


def shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def schema(kind: str) -> dict:
    return json.loads((folder() / f"{kind}.schema.json").read_text(encoding="utf-8"))


def parts(part: dict, where: str) -> Iterator[tuple[str, dict]]:
    """Every schema inside `part`, itself included, with its path."""
    yield where, part
    for word in ("properties", "definitions"):
        for name, inner in part.get(word, {}).items():
            yield from parts(inner, f"{where}/{word}/{name}")
    for word in ("allOf", "anyOf", "oneOf"):
        for at, inner in enumerate(part.get(word, [])):
            yield from parts(inner, f"{where}/{word}/{at}")
    for word in ("items", "additionalProperties", "if", "then", "else", "not"):
        if isinstance(part.get(word), dict):
            yield from parts(part[word], f"{where}/{word}")


def every_part() -> list[tuple[str, dict]]:
    found = [pair for kind in kinds() for pair in parts(schema(kind), kind)]
    assert len(found) > 200
    return found


def errors(part: dict, value: Any) -> list[str]:
    return [error.message for error in Draft7Validator(part).iter_errors(value)]


def described() -> list[tuple[str, dict]]:
    """Every schema that an officer's editor shows: not conditions, and not references, whose target is shown."""
    conditions = re.compile(r"/(allOf|anyOf|if|then|else|not)(/|$)")
    return [(where, part) for where, part in every_part() if not conditions.search(where) and "$ref" not in part]


def tree(kind: str, text: str) -> Branch:
    found, unreadable = read_text(text, f"{kind}.yaml")
    assert not unreadable and isinstance(found, Branch)
    return found


def said(kind: str, text: str, *, partial: bool = False) -> list[str]:
    return [problem.text() for problem in problems(kind, tree(kind, text), partial=partial)]


# What is shipped ---------------------------------------------------------------------------


def test_a_file_of_each_kind_is_shipped():
    assert {path.stem for path in SHIPPED} == set(kinds())


@pytest.mark.parametrize("path", SHIPPED, ids=shown)
def test_a_shipped_file_passes(path):
    found, unreadable = read(path)
    assert not unreadable and isinstance(found, Branch)
    assert [problem.text() for problem in problems(path.stem, found)] == []


def with_days_as_text(value: object) -> object:
    if isinstance(value, dict):
        return {key: with_days_as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_days_as_text(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


@pytest.mark.parametrize("path", SHIPPED, ids=shown)
def test_a_shipped_file_passes_in_an_editor_that_reads_plain_yaml(path):
    content = with_days_as_text(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert errors(schema(path.stem), content) == []


@pytest.mark.parametrize("path", SHIPPED, ids=shown)
def test_the_first_line_of_a_shipped_file_binds_its_schema(path):
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    bound = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert bound and (path.parent / bound[1]).resolve() == folder() / f"{path.stem}.schema.json"
    assert (path.parent / bound[1]).is_file()


# The schemas themselves --------------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds())
def test_a_schema_is_a_valid_schema_of_draft_07(kind):
    Draft7Validator.check_schema(schema(kind))
    assert schema(kind)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_only_keywords_of_draft_07_are_used():
    known = {*DRAFT_07.split(), *OF_OUR_OWN}
    newer = [(where, key) for where, part in every_part() for key in part if key not in known]
    assert newer == []


def test_every_definition_has_a_title_a_description_and_examples_in_chinese():
    bare = [
        where
        for where, part in described()
        if not all(re.search("[一-鿿]", part.get(word, "")) for word in ("title", "description"))
        or not part.get("examples")
    ]
    assert bare == []


@pytest.mark.parametrize("kind", kinds())
def test_every_example_is_valid(kind):
    whole = schema(kind)
    wrong = [
        (where, example, found)
        for where, part in described()
        if where.partition("/")[0] == kind
        for example in part["examples"]
        if (found := errors({**part, "definitions": whole.get("definitions", {})}, example))
    ]
    assert wrong == []


def test_every_single_value_says_what_is_expected_of_it():
    def is_leaf(part: dict) -> bool:
        return "enum" in part or part.get("type", "object") not in ("object", "array")

    leaves = [(where, part.get("x-expects")) for where, part in described() if is_leaf(part)]
    assert len(leaves) > 40
    assert [pair for pair in leaves if pair[1] not in EXPECTATIONS] == []


def test_a_key_that_is_a_word_of_the_language_stands_in_a_closed_mapping():
    mappings = [(where, part) for where, part in described() if "properties" in part]
    assert len(mappings) > 20
    open_ones = [where for where, part in mappings if part.get("additionalProperties") is not False]
    assert open_ones == ["tables/definitions/row"]


def test_alternatives_and_prohibitions_have_the_shape_for_which_there_are_words():
    alternatives = [part["anyOf"] for _, part in every_part() if "anyOf" in part]
    assert {len(each) for each in alternatives} == {2, 3}
    assert all(set(one) == {"required"} and len(one["required"]) < 3 for each in alternatives for one in each)
    assert not [where for where, part in every_part() if "oneOf" in part or "dependencies" in part]
    assert not [where for where, part in every_part() if "not" in part and "x-against" not in part]


def test_an_overlay_has_the_keys_of_all_files():
    parts_of_it = ("policy", "figures", "tables", "facts", "rules")
    keys = [key for kind in parts_of_it for key in schema(kind)["properties"] if key != "extends"]
    overlay = schema("questions")["definitions"]["overlay"]
    assert list(overlay["properties"]) == keys
    assert "required" not in overlay


def test_choices_are_those_of_the_engine():
    policy, fact = schema("policy")["properties"], schema("facts")["definitions"]["fact"]["properties"]
    assert tuple(policy["language"]["enum"]) == languages_of_policies()
    assert tuple(f"round_{way}" for way in policy["payment"]["properties"]["round"]["enum"]) == ROUNDINGS
    assert tuple(fact["form"]["enum"]) == FORMS


NUMBERS = ("0", "-3", "24000", "0.15", "80%", "-1.5 %", "2/37", "-2/37")
NO_NUMBERS = ("010", "1/0", ".5", "5.", "1e3", "24,000", "+1", "1/02", "8 0", "80%%", "-", "")


@pytest.mark.parametrize("text", [*NUMBERS, *NO_NUMBERS])
def test_a_schema_and_the_loader_agree_on_what_a_number_is(text):
    pattern = schema("figures")["definitions"]["number"]["pattern"]
    assert bool(re.fullmatch(pattern, text)) == (number(text) is not None) == (text in NUMBERS)
    assert {schema(kind)["definitions"]["number"]["pattern"] for kind in ("figures", "tables", "facts")} == {pattern}


# What is said of a broken file -------------------------------------------------------------


def figure(value: str) -> str:
    return f"figures:\n  封顶:\n    value: {value}\n    unit: 元/年\n    because: 原文未写\n"


NOT_A_NUMBER = "is not a number. Expected is a number such as 24000, 0.15, 2/37 or 80%."


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("24,000", " Write 24000, without commas."),
        ("24，000", " Write 24000, without commas."),
        ("2.4万", " Write it out: 24000."),
        ("16万元/年", " Write it out: 160000."),
        ("24000元", " Write 24000; the unit has a key of its own."),
        ("24,000 元/年", " Write 24000; the unit has a key of its own."),
        ("￥24000", " Write 24000; the unit has a key of its own."),
        ("２４０００", " Write 24000, in half-width characters."),
        ("80％", " Write 80%, in half-width characters."),
        ("010", " Write 10, without leading zeros."),
        ("-007.5", " Write -7.5, without leading zeros."),
        ("1:30", " Write a ratio as a fraction: 1/30."),
        ("1e3", " Write it out: 1000."),
        ("1.5E-2", " Write it out: 0.015."),
        (".5", " Write 0.5, with a digit before the point."),
        ("5.", " Write 5, without the point."),
        ("+5", " Write 5, without the plus."),
        ("1_000", " Write 1000, without “_”."),
        ("1/0", " Write a fraction as whole numbers without leading zeros, the lower one above 0."),
        ("20000 * 80%", " Write the number itself; a calculation belongs in rules.yaml."),
        ("no", ""),
        ("true", ""),
        ("~", ""),
        ("八", ""),
    ],
)
def test_what_is_not_a_number_is_named_with_what_to_write(value, remedy):
    assert said("figures", figure(value)) == [f"figures.yaml:3:12: “{value}” {NOT_A_NUMBER}{remedy}"]


@pytest.mark.parametrize("value", ["24000", "0.15", "80%", "2/37", "-3", '"24000"', "'80%'"])
def test_a_number_passes(value):
    assert said("figures", figure(value)) == []


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("no", "“no” is not a truth. Expected is true or false. Write false."),
        ("yes", "“yes” is not a truth. Expected is true or false. Write true."),
        ("on", "“on” is not a truth. Expected is true or false. Write true."),
        ("Off", "“Off” is not a truth. Expected is true or false. Write false."),
        ("True", "“True” is not a truth. Expected is true or false. Write true."),
        ("FALSE", "“FALSE” is not a truth. Expected is true or false. Write false."),
        ("是", "“是” is not a truth. Expected is true or false. Write true."),
        ("否", "“否” is not a truth. Expected is true or false. Write false."),
        ("1", "“1” is not a truth. Expected is true or false. Write true."),
        ('"true"', "“true” is not a truth. Expected is true or false. Write true, without quotes."),
        ("maybe", "“maybe” is not a truth. Expected is true or false."),
    ],
)
def test_what_is_not_a_truth_is_named_with_what_to_write(value, problem):
    text = f"facts:\n  已建档:\n    kind: truth\n    meaning: 是否建档\n    optional: {value}\n"
    assert said("facts", text) == [f"facts.yaml:5:15: {problem}"]


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("2023/7/1", " Write 2023-07-01."),
        ("2023-7-1", " Write 2023-07-01."),
        ("2023.07.01", " Write 2023-07-01."),
        ("20230701", " Write 2023-07-01."),
        ("2023年7月1日", " Write 2023-07-01."),
        ("2023-07-01 00:00:00", " Write 2023-07-01."),
        ("2023/13/1", ""),
        ("7月", ""),
    ],
)
def test_what_is_not_a_date_is_named_with_what_to_write(value, remedy):
    row = f"      - 县: 甲\n        value: 7\n        from: {value}\n"
    text = f"tables:\n  标准:\n    unit: 元/月\n    keys:\n      - 县\n    rows:\n{row}"
    problem = f"tables.yaml:9:15: “{value}” is not a date. Expected is a date such as 2023-07-01.{remedy}"
    assert said("tables", text) == [problem]


BROKEN = {
    "an unknown key is met with the nearest one": (
        "rules",
        "gates:\n  应建档:\n    ned: 已建档\n",
        ["rules.yaml:3:5: The key “ned” is not known here. Did you mean “need”?"],
    ),
    "a key in another case is met with the right one": (
        "figures",
        "figures:\n  封顶:\n    Value: 1\n    unit: 元\n    because: 无\n",
        ["figures.yaml:3:5: The key “Value” is not known here. Did you mean “value”?"],
    ),
    "a Chinese word is met with the key that it translates": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    单位: 元\n    because: 无\n",
        ["figures.yaml:4:5: The key “单位” is not known here. Did you mean “unit”?"],
    ),
    "an unknown key like no other is met with all keys": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    unit: 元\n    because: 无\n    xyz: 1\n",
        [
            "figures.yaml:6:5: The key “xyz” is not known here. The keys here are value, unit, clause, quote, because, answers, checked. "
            "Write one of these, or remove it."
        ],
    ),
    "a key that is there already is not proposed": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    valu: 2\n    unit: 元\n    because: 无\n",
        [
            "figures.yaml:4:5: The key “valu” is not known here. The keys here are value, unit, clause, quote, because, answers, checked. "
            "Write one of these, or remove it."
        ],
    ),
    "a key of another file is sent there": (
        "rules",
        "figures:\n  封顶:\n    value: 1\n",
        ["rules.yaml:1:1: The key “figures” is not known here. It belongs in figures.yaml. Move it there."],
    ),
    "a mistyped key at the top of the file": (
        "figures",
        "figure:\n  封顶:\n    value: 1\n",
        ["figures.yaml:1:1: The key “figure” is not known here. Did you mean “figures”?"],
    ),
    "a missing key is missed at the key of its mapping": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    because: 无\n",
        ["figures.yaml:2:3: “封顶” does not say unit. Needed here: value, unit. Add the line “unit: …”."],
    ),
    "several missing keys are one problem": (
        "facts",
        "facts:\n  人口:\n    kind: count\n    meaning: 人数\n",
        [
            "facts.yaml:2:3: “人口” does not say unit, at_least, at_most, step. "
            "Needed here: unit, at_least, at_most, step. Add the lines."
        ],
    ),
    "a key missing in an item of a list is missed at its first key": (
        "tables",
        "tables:\n  标准:\n    unit: 元/月\n    keys:\n      - 县\n    rows:\n      - 县: 甲\n",
        ["tables.yaml:7:9: The item does not say value. Needed here: value. Add the line “value: …”."],
    ),
    "a key missing at the top of a file is missed at its first key": (
        "policy",
        "# 方案\ntitle: 甲\nyear: 2024\nissuer: 乙\nlanguage: zh\nunits: {}\n",
        [
            "policy.yaml:2:1: The file does not say in_force. "
            "Needed here: title, year, issuer, language, in_force, units. Add the line “in_force: …”."
        ],
    ),
    "categories need their conclusions": (
        "rules",
        "categories:\n  甲:\n    when: a > b\n    aids:\n      乙:\n        at_most: 1\n",
        ["rules.yaml:1:1: The file does not say conclusions. Needed here: conclusions. Add the line “conclusions: …”."],
    ),
    "a figure says where it comes from": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    unit: 元\n",
        [
            "figures.yaml:2:3: “封顶” says neither clause and quote nor because. "
            "Needed here: clause and quote, or because. Add one of the two."
        ],
    ),
    "a clause without its words": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    unit: 元\n    clause: 二(二)1\n",
        [
            "figures.yaml:2:3: “封顶” does not say quote. "
            "Needed here: clause and quote, or because. Add the line “quote: …”."
        ],
    ),
    "a mistyped quote is not missed as well": (
        "figures",
        "figures:\n  封顶:\n    value: 1\n    unit: 元\n    clause: 二(二)1\n    qoute: 原文\n",
        ["figures.yaml:6:5: The key “qoute” is not known here. Did you mean “quote”?"],
    ),
    "an aid without a ceiling": (
        "rules",
        "categories:\n  甲:\n    when: a > b\n    aids:\n      乙:\n        at_least: 1\n"
        "conclusions:\n  none_holds: 否\n  nothing_left: 无\n  payable: 可\n",
        [
            "rules.yaml:5:7: “乙” says neither at_most nor exactly. Needed here: at_most, or exactly. Add one of the two."
        ],
    ),
    "a fixed amount with a floor": (
        "rules",
        "categories:\n  甲:\n    when: a > b\n    aids:\n      乙:\n        exactly: 10 * c\n        at_least: 1\n"
        "conclusions:\n  none_holds: 否\n  nothing_left: 无\n  payable: 可\n",
        ["rules.yaml:7:9: “at_least” does not go with “exactly: 10 * c”. Keep one of the two lines."],
    ),
    "a step of a text": (
        "facts",
        "facts:\n  城市:\n    kind: text\n    meaning: 所在市\n    step: 1\n",
        ["facts.yaml:5:5: “step” does not go with “kind: text”. Keep one of the two lines."],
    ),
    "a choice is met with the nearest and all choices": (
        "rules",
        "choose:\n  by: higest\n",
        ["rules.yaml:2:7: “higest” is not one of the choices. The choices are highest, first. Did you mean “highest”?"],
    ),
    "a choice like no other": (
        "facts",
        "facts:\n  人口:\n    kind: integer\n    meaning: 人数\n",
        [
            "facts.yaml:3:11: “integer” is not one of the choices. "
            "The choices are money, count, truth, text, date. Write one of these."
        ],
    ),
    "a choice left empty": (
        "rules",
        "choose:\n  by:\n",
        [
            "rules.yaml:2:6: There is no value behind the colon. The choices are highest, first. Write it, or remove the line."
        ],
    ),
    "no value behind the colon": (
        "figures",
        "figures:\n  封顶:\n    value:\n    unit: 元\n    because: 无\n",
        [
            "figures.yaml:3:11: There is no value behind the colon. "
            "Expected is a number such as 24000, 0.15, 2/37 or 80%. Write it, or remove the line."
        ],
    ),
    "no entries behind the colon": (
        "figures",
        "figures:\n",
        [
            "figures.yaml:1:9: There is no value behind the colon. "
            "Expected are entries: a line “name: …” for each. Write it, or remove the line."
        ],
    ),
    "no value behind the dash": (
        "tables",
        "tables:\n  标准:\n    unit: 元/月\n    keys:\n      -\n    rows:\n      - 县: 甲\n        value: 7\n",
        [
            "tables.yaml:5:8: There is no value behind the dash. "
            "Expected is a text, in quotes where it looks like a number. Write it, or remove the line."
        ],
    ),
    "nothing between the quotes": (
        "rules",
        'rules:\n  净损失:\n    is: ""\n',
        [
            "rules.yaml:3:9: There is nothing between the quotes. "
            "Expected is a name, a number or a calculation such as min(a, 2 * b). Write it, or remove the line."
        ],
    ),
    "a blank of a case is written aloud": (
        "cases",
        "starting_from:\n  人口:\ncases:\n  甲:\n    clause: 二\n    because: 手算\n    expect:\n      合计: 0\n",
        [
            "cases.yaml:2:6: There is no value behind the colon. "
            'Expected is a number, a text or a date. Write it, or "" where it is to be blank.'
        ],
    ),
    "an empty list": (
        "tables",
        "tables:\n  标准:\n    unit: 元/月\n    keys: []\n    rows:\n      - 县: 甲\n        value: 7\n",
        [
            "tables.yaml:4:11: The list is empty. "
            "Expected is a list: a line “- …” for each value. Write at least one value."
        ],
    ),
    "a list where one value is expected": (
        "rules",
        "rules:\n  净损失:\n    is:\n      - 甲\n      - 乙\n",
        [
            "rules.yaml:4:7: A list stands where an expression is expected. "
            "Expected is a name, a number or a calculation such as min(a, 2 * b). Write one value behind the colon."
        ],
    ),
    "entries where one value is expected": (
        "figures",
        "figures:\n  封顶:\n    value:\n      年: 1\n    unit: 元\n    because: 无\n",
        [
            "figures.yaml:4:7: A group of entries stands where a number is expected. "
            "Expected is a number such as 24000, 0.15, 2/37 or 80%. Write one value behind the colon."
        ],
    ),
    "a number where its entry is expected": (
        "figures",
        "figures:\n  封顶: 10000\n",
        [
            "figures.yaml:2:7: “10000” stands where a group of entries is expected. "
            "The keys here are value, unit, clause, quote, because, answers, checked. "
            "Write each entry on a line of its own below it, indented by two blanks."
        ],
    ),
    "a list where entries are expected": (
        "rules",
        "rules:\n  - 净损失\n",
        [
            "rules.yaml:2:3: A list stands where a group of entries is expected. "
            "Expected are entries: a line “name: …” for each. "
            "Write each entry on a line of its own below it, indented by two blanks."
        ],
    ),
    "one value where a list is expected": (
        "facts",
        "facts:\n  城市:\n    kind: text\n    meaning: 所在市\n    also_named: 市\n",
        [
            "facts.yaml:5:17: “市” stands where a list is expected. "
            "Expected is a list: a line “- …” for each value. "
            "Write each value on a line of its own below it, with “- ” before it."
        ],
    ),
    "a number where a text is expected": (
        "facts",
        "facts:\n  城市:\n    kind: text\n    meaning: 2023\n",
        [
            "facts.yaml:4:14: “2023” is not a text. "
            "Expected is a text, in quotes where it looks like a number. Put it in quotes."
        ],
    ),
    "a calculation where a name is expected": (
        "rules",
        "categories:\n  甲:\n    when: a > b\n    aids:\n      乙:\n        at_most: 1\n        chosen: 核定 * 2\n"
        "conclusions:\n  none_holds: 否\n  nothing_left: 无\n  payable: 可\n",
        ["rules.yaml:7:17: “核定 * 2” is not a name. Expected is one name, without blanks or signs."],
    ),
    "a case expects something": (
        "cases",
        "cases:\n  甲:\n    clause: 二\n    because: 手算\n    facts:\n      人口: 3\n",
        ["cases.yaml:2:3: “甲” says neither expect nor refused. Needed here: expect, or refused. Add one of the two."],
    ),
    "a year with its sign": (
        "policy",
        "title: 甲\nyear: 2024年\nissuer: 乙\nlanguage: zh\nunits: {}\n"
        "in_force:\n  from: 2024-01-01\n  until: 2024-12-31\n",
        ["policy.yaml:2:7: “2024年” is not a year. Expected is a year such as 2023. Write 2024."],
    ),
    "a mistake deep in an overlay": (
        "questions",
        "questions:\n  疑:\n    clause: 二\n    text: 甲\n    reading: 乙\n    other: 丙\n    overlay:\n"
        "      categories:\n        深:\n          aids:\n            生活:\n              unchosn: at_least\n"
        "      figures:\n        封顶:\n          value: 2万\n",
        [
            "questions.yaml:12:15: The key “unchosn” is not known here. Did you mean “unchosen”?",
            f"questions.yaml:15:18: “2万” {NOT_A_NUMBER} Write it out: 20000.",
        ],
    ),
    "one problem for a wrong part of an overlay": (
        "questions",
        "questions:\n  疑:\n    clause: 二\n    text: 甲\n    reading: 乙\n    other: 丙\n    overlay:\n      choose: first\n",
        [
            "questions.yaml:8:15: “first” stands where a group of entries is expected. "
            "The keys here are by, clause, quote, because. "
            "Write each entry on a line of its own below it, indented by two blanks."
        ],
    ),
    "problems stand in the order of the file": (
        "facts",
        "facts:\n  甲:\n    unique: no\n    kind: txt\n    meaning:\n    forms: 1\n",
        [
            "facts.yaml:3:13: “no” is not a truth. Expected is true or false. Write false.",
            "facts.yaml:4:11: “txt” is not one of the choices. "
            "The choices are money, count, truth, text, date. Did you mean “text”?",
            "facts.yaml:5:13: There is no value behind the colon. "
            "Expected is a text, in quotes where it looks like a number. Write it, or remove the line.",
            "facts.yaml:6:5: The key “forms” is not known here. Did you mean “form”?",
        ],
    ),
}


@pytest.mark.parametrize("claim", BROKEN)
def test_what_is_said_of(claim):
    kind, text, expected = BROKEN[claim]
    assert said(kind, text) == expected


# Parts of entries --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("figures", "figures:\n  封顶:\n    value: 16000\n"),
        ("facts", "facts:\n  年收入:\n    at_most: 5000\n"),
        ("rules", "categories:\n  深:\n    several:\n      order: highest\n"),
        ("policy", "issuer: 甲\n"),
        ("overlay", "figures:\n  封顶:\n    value: 16000\nchoose:\n  by: first\n"),
    ],
)
def test_a_part_of_an_entry_passes_where_only_changes_are_said(kind, text):
    assert said(kind, text, partial=True) == []


def test_an_unknown_key_and_a_wrong_value_are_problems_in_a_part_too():
    text = "facts:\n  年收入:\n    at_mots: 3\n    kind: date\n    step: 分\n"
    assert said("facts", text, partial=True) == [
        "facts.yaml:3:5: The key “at_mots” is not known here. Did you mean “at_most”?",
        "facts.yaml:5:5: “step” does not go with “kind: date”. Keep one of the two lines.",
    ]


def test_an_overlay_by_itself_is_read_like_that_of_a_question():
    assert said("overlay", "figurs:\n  封顶:\n    value: 1\npayment:\n  round: half up\n") == [
        "overlay.yaml:1:1: The key “figurs” is not known here. Did you mean “figures”?",
        "overlay.yaml:5:10: “half up” is not one of the choices. "
        "The choices are half_up, half_even, up, down. Did you mean “half_up”?",
    ]


def test_the_caret_points_at_the_value():
    problem = problems("figures", tree("figures", figure("2万")))[0]
    assert problem.place.picture() == "        value: 2万\n               ^"
