"""Years that extend a year: what is stated, what is removed, who last said it, which version holds on which day.

`years/2022` is a small policy. Each test writes further folders beside a copy of it, states only what differs, and works
in the folder that holds `policies`, so that places read as an officer sees them.
"""

import csv
import datetime
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.by_date import evaluate_by_date
from engine.decision import decide
from engine.flat import as_yaml, flat_files, write_flat
from engine.loading import check_questions, examine, load, read_folder
from engine.page import page_of
from engine.policy import Policy
from engine.source import Branch, Entry, Leaf, Listing, Node, Place, PolicyError, normal, read_text
from engine.timeline import read_timeline

NOWHERE = Place("")
BASE = Path(__file__).parent / "years" / "2022"
POLICIES = Path("policies")
OF_2023 = """
    extends: 2022
    title: Heating aid 2023
    year: 2023
    in_force:
      from: 2023-01-01
      until: 2023-12-31
"""


@pytest.fixture(autouse=True)
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with `policies/2022` in it."""
    shutil.copytree(BASE, tmp_path / "policies" / "2022")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGUAGE", "en")


def folder(name: str, /, **files: str) -> Path:
    """The folder `policies/name` with these files."""
    path = POLICIES / name
    path.mkdir(parents=True)
    for kind, text in files.items():
        (path / f"{kind}.yaml").write_text(dedent(text).lstrip(), encoding="utf-8")
    return path


def year(policy: str = OF_2023, /, **files: str) -> Path:
    """The folder `policies/2023`, which extends 2022."""
    return folder("2023", policy=policy, **files)


def told(path: Path) -> list[str]:
    return [problem.text() for problem in examine(path)[1] if not problem.is_warning]


def warned(path: Path) -> list[str]:
    return [problem.text() for problem in examine(path)[1] if problem.is_warning]


def value(policy: Policy, figure: str) -> object:
    return next(found.value for found in policy.figures if found.name == figure)


def expression(policy: Policy, rule: str) -> str:
    return next(found.expression.text for found in policy.rules if found.name == rule)


# A year states only what changed -------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "now", "before"),
    [
        ("figures", "figures: {limit: {value: 13000}}", lambda it: value(it, "limit"), 12000),
        ("facts", "facts: {income: {at_most: 5}}", lambda it: it.facts[4].at_most, 1000000),
        ("rules", "rules: {left: {is: income}}", lambda it: expression(it, "left"), "income - rent"),
        ("rules", "categories: {owner: {when: income < lamp}}", lambda it: expression(it, "owner"), "income < limit"),
        (
            "rules",
            "categories: {owner: {aids: {light: {at_most: lamp}}}}",
            lambda it: expression(it, "owner·light·_ceiling"),
            "lamp / 2",
        ),
        ("rules", "gates: {unfiled: {need: income > 0}}", lambda it: expression(it, "gate·unfiled"), "filed"),
        (
            "rules",
            "approvals: {county: {when: total > cap}}",
            lambda it: expression(it, "approval·county"),
            "total >= cap",
        ),
        ("rules", "choose: {by: highest}", lambda it: "highest·total" in expression(it, "tenant·picked"), False),
        (
            "rules",
            "notes: {low: {say: the aid is very low}}",
            lambda it: [remark.text for remark in it.remarks if remark.text.startswith("the aid")],
            ["the aid is low"],
        ),
        ("questions", "questions: {gross: {other: no}}", lambda it: it.questions[0].other, "it is not"),
        ("tables", "tables: {rents: {unit: EUR}}", lambda it: it.tables[0].unit.text, "EUR/year"),
    ],
)
def test_one_leaf_stated_is_one_leaf_changed(
    kind: str, text: str, now: Callable[[Policy], object], before: object
) -> None:
    base = load(POLICIES / "2022")
    tree = read_folder(year(**{kind: text})).tree
    assert tree is not None
    policy = load(POLICIES / "2023") if kind != "tables" else None
    assert now(base) == before
    assert policy is None or now(policy) != before


def test_what_is_not_stated_stays() -> None:
    base, policy = load(POLICIES / "2022"), load(year())
    assert (policy.title, policy.year, policy.since) == ("Heating aid 2023", "2023", datetime.date(2023, 1, 1))
    assert (policy.rules, policy.figures, policy.facts) == (base.rules, base.figures, base.facts)


def test_a_year_is_named_or_its_path_is_given() -> None:
    policy = load(year())
    for written in ("../2022", "..\\2022", str(BASE)):
        shutil.rmtree(POLICIES / "2023")
        assert load(year(OF_2023.replace("extends: 2022", f"extends: '{written}'"))) == policy


def test_a_folder_named_by_a_full_stop_finds_the_one_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = load(year())
    monkeypatch.chdir(POLICIES / "2023")
    assert load(".") == policy


def test_each_year_of_a_chain_changes_what_the_one_before_it_says() -> None:
    year(figures="figures: {limit: {value: 13000}, cap: {value: 600}}")
    latest = folder("2024", policy="extends: 2023\nyear: 2024", figures="figures: {limit: {value: 14000}}")
    policy = load(latest)
    assert (value(policy, "limit"), value(policy, "cap"), value(policy, "lamp")) == (14000, 600, 60)
    assert (policy.title, policy.year) == ("Heating aid 2023", "2024")


def test_new_entries_stand_behind_those_of_the_base() -> None:
    aids = "categories: {tenant: {aids: {water: {at_most: lamp, because: § 7}, heating: {at_least: lamp}}}}"
    assert [aid.name for aid in load(year(rules=aids)).categories[0].aids] == ["heating", "light", "water"]


def test_a_list_replaces_the_list() -> None:
    policy = load(year(facts="facts: {income: {also_named: [earnings]}}"))
    assert policy.facts[4].also_named == ("earnings",)


def rows(text: str, policy: str = OF_2023) -> list[tuple[object, ...]]:
    found = load(year(policy, tables=text)).tables[0].rows
    return [(*row.keys, str(row.since), row.value) for row in found]


NORTH = ("Aford", "north", "2022-01-01", 900)
SOUTH = ("Aford", "south", "2022-01-01", 800)
ALL = ("Beton", "all", "2022-01-01", 700)


def test_a_row_with_the_same_keys_and_first_day_replaces_the_row_and_others_are_added() -> None:
    text = """
        tables:
          rents:
            rows:
              - {town: Aford, district: south, from: 2023-01-01, value: 850}
              - {town: Aford, district: south, from: 2022-01-01, value: 801}
              - {town: Ceford, district: all, from: 2023-01-01, value: 500}
    """
    assert rows(text) == [
        NORTH,
        ("Aford", "south", "2022-01-01", 801),
        ALL,
        ("Aford", "south", "2023-01-01", 850),
        ("Ceford", "all", "2023-01-01", 500),
    ]


def test_a_row_is_replaced_whole() -> None:
    row = "- town: Beton\n        district: all\n        from: 2022-01-01\n"
    path = year(tables=f"tables:\n  rents:\n    rows:\n      {row}")
    assert told(path) == [
        "policies/2023/tables.yaml:4:9: The item does not say value. Needed here: value. Add the line “value: …”."
    ]


def test_two_rows_of_the_year_itself_with_the_same_keys_are_still_a_problem() -> None:
    row = "{town: Beton, district: all, from: 2022-01-01, value: 1}"
    path = year(tables=f"tables:\n  rents:\n    rows:\n      - {row}\n      - {row}\n")
    assert [text.split(". ")[0] for text in told(path)] == [
        "policies/2023/tables.yaml:5:63: The table “rents” has two rows for Beton, all, 2022-01-01"
    ]


def test_where_the_keys_change_the_rows_are_said_anew() -> None:
    text = "tables: {rents: {keys: [town], rows: [{town: Aford, from: 2022-01-01, value: 1}]}}"
    tree = read_folder(year(tables=text)).tree
    assert tree is not None
    assert len(tree.branch("tables").branch("rents").listing("rows")) == 1


def test_other_files_than_the_policy_may_be_missing_only_where_it_extends() -> None:
    assert told(year()) == []
    (POLICIES / "2022" / "facts.yaml").unlink()
    missing = "policies/2022/facts.yaml: The file is missing. A policy has policy.yaml, facts.yaml, rules.yaml."
    assert told(POLICIES / "2022") == [missing]
    assert told(POLICIES / "2023") == [missing]


def test_what_is_missing_in_the_whole_is_found_where_it_was_begun() -> None:
    assert told(year(figures="figures:\n  bonus:\n    value: 5\n")) == [
        "policies/2023/figures.yaml:2:3: “bonus” does not say unit. Needed here: value, unit. Add the line “unit: …”."
    ]


def test_what_does_not_go_with_a_line_of_the_base_is_told_with_both_lines() -> None:
    assert told(year(rules="categories:\n  owner:\n    aids:\n      light:\n        exactly: lamp\n")) == [
        "policies/2022/rules.yaml:26:9: “at_most” does not go with “exactly: lamp”. The other one stands at "
        "policies/2023/rules.yaml:5:9. Say in policy.yaml under “removed” which one goes, for example "
        "“categories.owner.aids.light.at_most”."
    ]


def test_an_unknown_key_is_found_in_a_year_that_extends() -> None:
    assert told(year(figures="figures: {limit: {valu: 5}}")) == [
        "policies/2023/figures.yaml:1:19: The key “valu” is not known here. Did you mean “value”?"
    ]


def test_a_first_day_behind_the_last_day_of_the_base_is_told_in_full() -> None:
    assert told(year("extends: 2022\nin_force: {from: 2023-01-01}")) == [
        "policies/2022/policy.yaml:8:10: The policy ends (2022-12-31) before it begins (2023-01-01). Its first day was "
        "last said at policies/2023/policy.yaml:2:18. Say both “from” and “until” in the policy that extends."
    ]


# What it extends ---------------------------------------------------------------------------


def test_a_base_that_is_not_there_is_told_with_those_that_are() -> None:
    assert told(year(OF_2023.replace("2022", "2202"))) == [
        "policies/2023/policy.yaml:1:10: There is no policy to extend at “2202”. Beside this folder are 2022. "
        "Did you mean “2022”?"
    ]
    shutil.rmtree(POLICIES / "2023")
    assert told(year(OF_2023.replace("2022", "../../heating"))) == [
        "policies/2023/policy.yaml:1:10: There is no policy to extend at “../../heating”. Beside this folder are 2022. "
        "Write the name of a folder beside this one, or the path to a policy's folder."
    ]


def test_policies_that_extend_each_other_in_a_circle_are_told() -> None:
    folder("2024", policy="extends: 2023")
    path = year(OF_2023.replace("2022", "2024"))
    assert told(path) == [
        "policies/2024/policy.yaml:1:10: The policies extend each other in a circle: 2023 → 2024 → 2023. "
        "Let one of them extend nothing, and say everything itself."
    ]
    shutil.rmtree(path)
    assert told(year("extends: .")) == [
        "policies/2023/policy.yaml:1:10: The policies extend each other in a circle: 2023 → 2023. "
        "Let one of them extend nothing, and say everything itself."
    ]


def test_a_problem_of_the_base_is_a_problem_of_the_year() -> None:
    path = POLICIES / "2022" / "figures.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("12000", "12,000"), encoding="utf-8")
    problem = (
        "policies/2022/figures.yaml:4:12: “12,000” is not a number. Expected is a number such as 24000, 0.15, 2/37 or "
        "80%. Write 12000, without commas."
    )
    assert told(POLICIES / "2022") == told(year()) == [problem]


# What is removed -----------------------------------------------------------------------------


def removing(*paths: str, **files: str) -> Path:
    lines = "".join(f"  {path}:\n    because: no longer said\n" for path in paths)
    return year(dedent(OF_2023) + f"removed:\n{lines}", **files)


def test_an_entry_a_leaf_and_a_whole_file_of_entries_can_be_removed() -> None:
    policy = load(removing("approvals.county", "categories.tenant.aids.light", "facts.income.also_named", "questions"))
    assert not any("county" in rule.name for rule in policy.rules)
    assert [aid.name for aid in policy.categories[0].aids] == ["heating"]
    assert policy.facts[4].also_named == ()
    assert policy.questions == ()


def test_a_mapping_that_has_nothing_left_is_gone() -> None:
    tree = read_folder(removing("notes.low", "approvals.county")).tree
    assert tree is not None
    assert "notes" not in tree.entries
    assert "approvals" not in tree.entries


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("tables.rents.rows.Aford.south.2022-01-01", [NORTH, ALL]),
        ("tables.rents.rows.Aford.south", [NORTH, ALL]),
        ("tables.rents.rows.Aford", [ALL]),
    ],
)
def test_rows_are_removed_by_their_keys_and_first_day(path: str, left: list[object]) -> None:
    found = load(removing(path)).tables[0].rows
    assert [(*row.keys, str(row.since), row.value) for row in found] == left


def test_a_name_may_hold_a_full_stop() -> None:
    spelled = "tables: {rents: {spellings: {St. Aford: Aford, St: Beton}}}"
    year(tables=spelled)
    path = folder("2024", policy="extends: 2023\nremoved: {tables.rents.spellings.St. Aford: {because: never used}}")
    assert load(path).tables[0].spellings == (("St", "Beton"),)


def test_a_range_is_replaced_by_an_exact_amount_without_a_leftover() -> None:
    path = removing(
        "categories.tenant.aids.heating.at_least",
        "categories.tenant.aids.heating.at_most",
        rules="categories: {tenant: {aids: {heating: {exactly: cap}}}}",
    )
    household = {"income": 10, "rent": 900, "filed": "yes", "day": "2023-05-01"}
    assert [aid.amount for aid in decide(load(path), household).aids] == [500, 60]


def test_what_is_removed_and_stated_again_is_stated_whole_and_stands_at_the_end() -> None:
    again = "categories: {tenant: {aids: {heating: {at_most: cap, because: § 9}}}}"
    policy = load(removing("categories.tenant.aids.heating", rules=again))
    assert [aid.name for aid in policy.categories[0].aids] == ["light", "heating"]
    assert not any(rule.name == "tenant·heating_floor·stated" for rule in policy.rules)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "categories.tenant.aids.lihgt",
            "8:26: There is nothing to remove at “categories.tenant.aids.lihgt”. “categories.tenant.aids” has heating, "
            "light. Did you mean “categories.tenant.aids.light”?",
        ),
        (
            "figure.cap",
            "8:3: There is nothing to remove at “figure.cap”. There is title, year, issuer, language, in_force, "
            "reference_date, sources, units, figures, tables, facts, rules, categories, gates, conclusions, approvals, "
            "notes, choose, questions. Did you mean “figures.cap”?",
        ),
        (
            "heating",
            "8:3: There is nothing to remove at “heating”. There is title, year, issuer, language, in_force, "
            "reference_date, sources, units, figures, tables, facts, rules, categories, gates, conclusions, approvals, "
            "notes, choose, questions. Did you mean “categories.tenant.aids.heating”?",
        ),
        (
            "figures.xyz",
            "8:11: There is nothing to remove at “figures.xyz”. “figures” has limit, cap, share, least, lamp. "
            "Correct the path, or remove the line.",
        ),
        (
            "figures.cap.value.500",
            "8:21: There is nothing to remove at “figures.cap.value.500”. “figures.cap.value” is a single value. "
            "Write “figures.cap.value”.",
        ),
        (
            "units.counts.persons",
            "8:16: “units.counts.persons” leads into a list, and a list is said anew as a whole. "
            "Write the list “units.counts” as it is to be, and remove this line.",
        ),
        (
            "tables.rents.rows.Aford.west",
            "8:21: There is nothing to remove at “tables.rents.rows.Aford.west”. “tables.rents.rows” has "
            "Aford.north.2022-01-01, Aford.south.2022-01-01, Beton.all.2022-01-01. Correct the path, or remove the line.",
        ),
        (
            "tables.rents.rows.Aford.north.2022-07-01",
            "8:21: There is nothing to remove at “tables.rents.rows.Aford.north.2022-07-01”. “tables.rents.rows” has "
            "Aford.north.2022-01-01, Aford.south.2022-01-01, Beton.all.2022-01-01. "
            "Did you mean “tables.rents.rows.Aford.north.2022-01-01”?",
        ),
    ],
)
def test_removing_what_is_not_there_is_told_with_the_nearest_path(path: str, said: str) -> None:
    assert told(removing(path)) == [f"policies/2023/policy.yaml:{said}"]


def test_what_is_removed_has_a_clause_with_its_words_or_a_reason() -> None:
    assert told(year(dedent(OF_2023) + "removed:\n  notes.low:\n    clause: § 8\n")) == [
        "policies/2023/policy.yaml:8:3: “notes.low” does not say quote. Needed here: clause and quote, or because. "
        "Add the line “quote: …”."
    ]


def test_what_is_missing_after_a_removal_is_told_at_the_removal() -> None:
    assert told(removing("figures.cap.unit")) == [
        "policies/2023/policy.yaml:8:3: “cap” does not say unit. Needed here: value, unit. Add the line “unit: …”."
    ]


def test_a_policy_that_extends_nothing_removes_nothing() -> None:
    path = POLICIES / "2022" / "policy.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "removed: {notes.low: {because: x}}\n", encoding="utf-8")
    assert told(POLICIES / "2022") == [
        "policies/2022/policy.yaml:19:1: “removed” stands in a policy that extends no other. "
        "Say with “extends” which one it changes, or remove the lines."
    ]


def test_the_other_reading_of_a_question_removes_and_adds_rows_in_the_same_words() -> None:
    overlay = """
        questions:
          gross:
            overlay:
              removed: {approvals.county: {because: the other reading has none}}
              tables: {rents: {rows: [{town: Beton, district: all, from: 2022-01-01, value: 1}]}}
    """
    policy = load(year(questions=overlay), questions=("gross",))
    assert not any("county" in rule.name for rule in policy.rules)
    assert [row.value for row in policy.tables[0].rows] == [900, 800, 1]


def test_the_other_reading_of_a_question_is_told_what_it_removes_in_vain() -> None:
    path = year(questions="questions:\n  gross:\n    overlay:\n      removed: {notes.hihg: {because: x}}\n")
    assert [problem.text() for problem in check_questions(path)] == [
        "policies/2023/questions.yaml:4:23: There is nothing to remove at “notes.hihg”. “notes” has low. "
        "Correct the path, or remove the line."
    ]


# Who last said it -----------------------------------------------------------------------------


def test_show_prints_the_line_that_last_said_each_thing_as_seen_from_the_year() -> None:
    year(
        figures="figures:\n  cap:\n    value: 600\n",
        rules="categories:\n  tenant:\n    aids:\n      light:\n        at_most: lamp + least\n",
        tables="tables:\n  rents:\n    rows:\n      - {town: Beton, district: all, from: 2022-01-01, value: 1}\n",
    )
    path = folder("2024", policy="extends: 2023\nyear: 2024", rules="rules:\n  left:\n    is: income\n")
    lines = [line.strip() for line in page_of(load(path)).splitlines()]
    assert "limit = 12000 EUR/year  § 2  (../2022/figures.yaml:4)" in lines
    assert "cap = 600 EUR/year  § 3  (../2023/figures.yaml:3)" in lines
    assert "Aford north  2022-01-01 – 2022-12-31  900  (../2022/tables.yaml:13)".replace("2022-12", "2023-12") in lines
    assert "Beton all  2022-01-01 – 2023-12-31  1  (../2023/tables.yaml:4)" in lines
    assert "left = income  § 2  (rules.yaml:3)" in lines
    assert "heating  § 3  (../2022/rules.yaml:11)" in lines
    assert "light ceiling: lamp + least  (../2023/rules.yaml:5)" in lines
    assert "light  § 3  (../2023/rules.yaml:4)" in lines


def test_show_names_the_file_alone_in_a_policy_that_extends_nothing() -> None:
    assert "  limit = 12000 EUR/year  § 2  (figures.yaml:4)" in page_of(load(POLICIES / "2022")).splitlines()


# Figures that somebody has confirmed ----------------------------------------------------------


def test_a_year_is_told_which_figures_it_neither_states_nor_has_confirmed() -> None:
    figures = "figures: {cap: {value: 600}, limit: {checked: 2023-01-05}, lamp: {checked: 2023-01-05}}"
    assert warned(year(figures=figures)) == [
        "policies/2023/policy.yaml:1:10: warning: The year neither states nor has confirmed these figures: "
        "share (../2022/figures.yaml:12), least (../2022/figures.yaml:16). State each one anew, or write "
        "“checked: 2024-01-05” below it, the day on which you saw that it holds."
    ]


def test_a_confirmation_of_an_earlier_year_does_not_count() -> None:
    year(figures="figures: {limit: {checked: 2023-01-05}}")
    path = folder("2024", policy="extends: 2023\nyear: 2024")
    assert "limit (../2022/figures.yaml:4), cap" in warned(path)[0]


def test_a_change_within_the_year_is_not_asked_for_what_the_year_has_settled() -> None:
    assert warned(folder("2022-07", policy="extends: 2022\nin_force: {from: 2022-07-01}")) == []


def test_a_policy_that_extends_nothing_is_asked_for_no_confirmation() -> None:
    assert warned(POLICIES / "2022") == []


def test_a_confirmation_changes_neither_the_policy_nor_its_fingerprint() -> None:
    plain = load(year())
    shutil.rmtree(POLICIES / "2023")
    confirmed = load(year(figures="figures: {limit: {checked: 2023-01-05}}"))
    assert confirmed == plain
    assert confirmed.fingerprint == plain.fingerprint


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2023-02-30", "“2023-02-30” is no day of the calendar. Write year-month-day, for example 2023-07-01."),
        ("2023/1/5", "“2023/1/5” is not a date. Expected is a date such as 2023-07-01. Write 2023-01-05."),
    ],
)
def test_a_confirmation_has_a_day(day: str, said: str) -> None:
    path = year(figures=f"figures:\n  limit:\n    checked: {day}\n")
    assert told(path) == [f"policies/2023/figures.yaml:3:14: {said}"]


# A later year is its full copy -------------------------------------------------------------------

Texts = dict[str, object]


def dumped(content: object, indent: str = "") -> str:
    """Plain block YAML of texts, lists of texts and mappings."""
    if isinstance(content, str):
        return f" {content}\n"
    if isinstance(content, list):
        items = (dumped(item, indent + "  ").lstrip() for item in content)
        return "\n" + "".join(f"{indent}- {item}" for item in items)
    assert isinstance(content, dict)
    return "\n" + "".join(f"{indent}{key}:{dumped(inner, indent + '  ')}" for key, inner in content.items())


def texts(path: Path) -> Texts:
    """What a file of the base says, read by nobody but this test: nested texts."""
    tree, problems = read_text(path.read_text(encoding="utf-8"), path.name)
    assert not problems and tree is not None

    def plain(node: Node) -> object:
        if isinstance(node, Branch):
            return {key: plain(entry.value) for key, entry in node.entries.items()}
        return node.text if isinstance(node, Leaf) else [plain(item) for item in node.items]

    found = plain(tree)
    assert isinstance(found, dict)
    return found


KINDS = ("policy", "figures", "tables", "facts", "rules", "questions")
Change = tuple[str, Texts]


def states(number: int) -> tuple[Change, ...]:
    """What a year may state, with `number` in it: leaves of the base, lists, and entries of its own."""
    heating = {"because": f"reason {number}", "at_least": "lamp"}
    water = {"at_most": f"lamp * {number}", "because": "§ 7"}
    return (
        ("policy", {"title": f"Title {number}", "sources": [f"Source {number}", "Heating act"]}),
        ("figures", {"figures": {"limit": {"value": f"{number}"}}}),
        ("figures", {"figures": {"cap": {"because": f"reason {number}"}}}),
        ("figures", {"figures": {"fresh": {"value": f"{number}%", "unit": "persons", "because": "new"}}}),
        ("facts", {"facts": {"income": {"also_named": [f"earnings {number}"], "meaning": "what comes in"}}}),
        ("facts", {"facts": {"size": {"kind": "truth", "meaning": "new", "when_absent": "true"}}}),
        ("rules", {"rules": {"left": {"is": f"income - rent * {number}"}}}),
        ("rules", {"categories": {"tenant": {"aids": {"heating": heating}}}}),
        ("rules", {"categories": {"tenant": {"aids": {"water": water}}}}),
        ("rules", {"categories": {"owner": {"aids": {"light": {"at_most": f"lamp / {number}"}}}}}),
        ("rules", {"approvals": {"state": {"when": f"total >= cap * {number}", "because": "§ 6"}}}),
        ("rules", {"gates": {"poor": {"need": "income < limit", "because": f"§ {number}"}}}),
        ("rules", {"notes": {"low": {"say": f"low {number}"}, "high": {"when": "total > cap", "say": "high"}}}),
        ("questions", {"questions": {"gross": {"reading": f"reading {number}"}}}),
    )


GONE = (
    ("rules", "notes", "low"),
    ("rules", "approvals", "county"),
    ("rules", "gates", "unfiled"),
    ("rules", "categories", "tenant", "aids", "light"),
    ("rules", "categories", "tenant", "aids", "heating", "at_least"),
    ("rules", "categories", "owner"),
    ("questions", "questions", "gross"),
    ("facts", "facts", "income", "also_named"),
    ("policy", "sources"),
)


@dataclass(frozen=True)
class Layer:
    """What one year changes: what it removes, what it states, and rows of the table."""

    gone: list[tuple[str, ...]]
    stated: list[Change]
    rows: list[dict[str, str]]

    def overlay(self, extends: str) -> dict[str, Texts]:
        """The files of the year, as one writes them."""
        files: dict[str, Texts] = {kind: {} for kind in KINDS}
        files["policy"]["extends"] = extends
        if self.gone:
            files["policy"]["removed"] = {".".join(path[1:]): {"because": "gone"} for path in self.gone}
        for kind, content in self.stated:
            put_over(files[kind], content)
        if self.rows:
            files["tables"]["tables"] = {"rents": {"rows": self.rows}}
        return files

    def changed(self, files: dict[str, Texts]) -> None:
        """Make the same changes by hand in the files of a policy that says everything."""
        for path in self.gone:
            cut(files[path[0]], path[1:])
        for kind, content in self.stated:
            put_over(files[kind], content)
        tables: Any = files["tables"]
        kept = tables["tables"]["rents"]["rows"]
        for row in self.rows:
            same = [at for at, old in enumerate(kept) if all(old[key] == row[key] for key in row if key != "value")]
            if same:
                kept[same[0]] = row
            else:
                kept.append(row)


def put_over(files: Any, content: Any) -> None:
    for key, inner in content.items():
        if isinstance(inner, dict):
            put_over(files.setdefault(key, {}), inner)
        else:
            files[key] = inner


def cut(files: Any, path: tuple[str, ...]) -> None:
    if len(path) > 1:
        cut(files[path[0]], path[1:])
    if len(path) == 1 or not files[path[0]]:
        del files[path[0]]


def holds(files: Any, path: tuple[str, ...]) -> bool:
    return not path or (path[0] in files and holds(files[path[0]], path[1:]))


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    stated = [states(draw(st.integers(1, 99)))[at] for at in draw(st.lists(st.integers(0, 13), unique=True))]
    gone = draw(st.lists(st.sampled_from(GONE), unique=True, max_size=3))
    places = draw(st.lists(st.sampled_from(["Beton", "Dorf"]), unique=True))
    days = st.sampled_from(["2022-01-01", "2023-04-01"])
    values = st.integers(1, 99).map(str)
    rows = [{"town": town, "district": "all", "from": draw(days), "value": draw(values)} for town in places]
    return Layer(gone, stated, rows)


def put(path: Path, content: dict[str, Texts]) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for kind, entries in content.items():
        if entries:
            (path / f"{kind}.yaml").write_text(dumped(entries).lstrip("\n"), encoding="utf-8")
    return path


@settings(max_examples=30, deadline=None)
@given(st.lists(layers(), min_size=1, max_size=3))
def test_a_later_year_is_its_full_copy(found: list[Layer]) -> None:
    files = {kind: texts(BASE / f"{kind}.yaml") for kind in KINDS}
    below = "2022"
    for number, layer in enumerate(found):
        layer = replace(layer, gone=[path for path in layer.gone if holds(files, path)])
        put(POLICIES / f"layer{number}", layer.overlay(below))
        layer.changed(files)
        below = f"layer{number}"
    full, later = put(POLICIES / "full", files), POLICIES / below
    if told(full):  # an entry that is removed and stated in part
        assert told(later)
        return
    assert told(later) == []
    policy = load(later)
    assert policy == load(full)
    assert policy.fingerprint == load(full).fingerprint
    shutil.rmtree(POLICIES / "flat", ignore_errors=True)
    write_flat(later, POLICIES / "flat")
    assert load(POLICIES / "flat") == policy
    assert load(POLICIES / "flat").fingerprint == policy.fingerprint


def test_the_shipped_policy_is_its_full_copy_letter_by_letter() -> None:
    shipped = Path(__file__).parent.parent / "policies" / "2023"
    for name, text in flat_files(shipped).items():
        written = (shipped / name).read_text(encoding="utf-8").splitlines()
        assert text.splitlines() == [line for line in written if line.startswith("# yaml") or "#" not in line]


SEEN = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")), min_size=1)
"""What a policy can say: a character that cannot be seen is a problem when it is read."""

TREES = st.recursive(
    SEEN | st.sampled_from(["- a", "a: b", "a #b", "yes", "1.0", "010", "~", "{a}", "[a]", "@a", "'a'", "a：b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SEEN.map(normal), inner, max_size=3),
    max_leaves=12,
)


def as_node(content: object) -> Node:
    if isinstance(content, dict):
        entries = {key: Entry(Leaf(key, NOWHERE, quoted=True), as_node(inner)) for key, inner in content.items() if key}
        return Branch(entries, NOWHERE)
    if isinstance(content, list):
        return Listing(tuple(as_node(item) for item in content), NOWHERE)
    assert isinstance(content, str)
    return Leaf(content, NOWHERE, quoted=True)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), TREES, min_size=1))
def test_whatever_a_policy_says_is_written_so_that_it_reads_the_same(content: dict[str, object]) -> None:
    tree = as_node(content)
    text = "\n".join(as_yaml(tree)) + "\n"
    assert read_text(text, "") == (tree, ())


@pytest.mark.parametrize(
    "text", ["plain", "a b", "12", "2/37", "80%", "a '", 'x"y', "a: b", "- a", "#", "", "true", "a #b"]
)
def test_a_plain_value_stays_plain_where_it_can(text: str) -> None:
    tree = Branch({"a": Entry(Leaf("a", NOWHERE), Leaf(text, NOWHERE))}, NOWHERE)
    found = read_text("\n".join(as_yaml(tree)) + "\n", "")[0]
    assert isinstance(found, Branch)
    leaf = found.leaf("a")
    assert leaf is not None
    assert leaf.text == text
    assert leaf.quoted == (text in ("a: b", "- a", "#", "a #b"))


def test_a_full_copy_has_the_files_of_a_policy_and_its_cases() -> None:
    path = year(figures="figures: {limit: {checked: 2023-01-05}}")
    (path / "cases.yaml").write_text("cases: {}\n", encoding="utf-8")
    write_flat(path, Path("full"))
    assert sorted(entry.name for entry in Path("full").iterdir()) == [
        "cases.yaml",
        "facts.yaml",
        "figures.yaml",
        "policy.yaml",
        "questions.yaml",
        "rules.yaml",
        "tables.yaml",
    ]
    assert Path("full/figures.yaml").read_text(encoding="utf-8").splitlines()[1:7] == [
        "figures:",
        "  limit:",
        "    value: 12000",
        "    unit: EUR/year",
        "    because: § 2",
        "    checked: 2023-01-05",
    ]
    assert "extends" not in Path("full/policy.yaml").read_text(encoding="utf-8")


def test_a_full_copy_is_bound_to_the_schemas_from_where_it_stands() -> None:
    write_flat(year(), Path("full"))
    first = Path("full/rules.yaml").read_text(encoding="utf-8").splitlines()[0]
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (Path("full") / schema).resolve() == Path(__file__).parent.parent / "schemas" / "rules.schema.json"


def test_a_full_copy_is_written_over_nothing() -> None:
    with pytest.raises(PolicyError) as refused:
        write_flat(year(), POLICIES / "2022")
    assert str(refused.value) == (
        "policies/2022: Something stands here already. Name a folder that does not exist yet."
    )
    assert sorted(entry.name for entry in POLICIES.iterdir()) == ["2022", "2023"]


# Versions by date --------------------------------------------------------------------------------


def version(name: str, since: str, until: str, extends: str = "2022", more: str = "") -> Path:
    force = f"in_force: {{from: {since}, until: {until}}}"
    return folder(name, policy=f"extends: {extends}\nyear: {name[:4]}\n{force}\n{more}")


def stretches() -> list[str]:
    return [str(stretch) for stretch in read_timeline(POLICIES).stretches]


def trouble() -> list[str]:
    return [problem.text() for problem in read_timeline(POLICIES).problems]


def test_years_follow_each_other() -> None:
    version("2023", "2023-01-01", "2023-12-31")
    assert stretches() == ["2022 (2022-01-01–2022-12-31)", "2023 (2023-01-01–2023-12-31)"]
    assert trouble() == []


def test_a_change_within_the_year_takes_its_days_from_the_year() -> None:
    version("2022-07", "2022-07-01", "2022-12-31")
    assert stretches() == ["2022 (2022-01-01–2022-06-30)", "2022-07 (2022-07-01–2022-12-31)"]
    assert trouble() == []


def test_a_change_that_states_only_its_first_day_ends_with_the_year() -> None:
    folder("2022-07", policy="extends: 2022\nin_force: {from: 2022-07-01}")
    assert stretches() == ["2022 (2022-01-01–2022-06-30)", "2022-07 (2022-07-01–2022-12-31)"]


def test_the_year_holds_again_when_a_change_ends() -> None:
    version("2022-07", "2022-07-01", "2022-08-31")
    version("2022-08", "2022-08-10", "2022-08-20", extends="2022-07")
    assert stretches() == [
        "2022 (2022-01-01–2022-06-30)",
        "2022-07 (2022-07-01–2022-08-09)",
        "2022-08 (2022-08-10–2022-08-20)",
        "2022-07 (2022-08-21–2022-08-31)",
        "2022 (2022-09-01–2022-12-31)",
    ]
    assert trouble() == []


def test_a_change_may_go_on_when_the_year_is_over() -> None:
    version("2022-07", "2022-07-01", "9999-12-31")
    assert stretches() == ["2022 (2022-01-01–2022-06-30)", "2022-07 (2022-07-01–9999-12-31)"]
    assert trouble() == []


def test_days_that_no_version_has_are_a_warning() -> None:
    version("2023", "2023-03-01", "2023-12-31")
    assert trouble() == [
        "policies/2023/policy.yaml:3:18: warning: No policy is in force 2023-01-01–2023-02-28. “2022” ends on 2022-12-31, "
        "and “2023” begins on 2023-03-01. Move one of the dates, or add the policy of these days."
    ]


def test_days_that_two_versions_have_are_a_problem_where_neither_changes_the_other() -> None:
    version("2022-07", "2022-07-01", "2022-12-31")
    version("2022-10", "2022-10-01", "2022-12-31")
    version("2023", "2022-12-01", "2023-12-31", extends="2022-07")
    assert trouble() == [
        "policies/2022-10/policy.yaml:3:18: “2022-07” and “2022-10” are both in force 2022-10-01–2022-11-30. Only a policy "
        "that extends another and begins within its days takes days from it. Move one of the dates, or say “extends”.",
        "policies/2023/policy.yaml:3:18: “2022-10” and “2023” are both in force 2022-12-01–2022-12-31. Only a policy "
        "that extends another and begins within its days takes days from it. Move one of the dates, or say “extends”.",
    ]


def test_a_version_that_begins_before_what_it_extends_takes_no_days_from_it() -> None:
    version("2021", "2021-07-01", "2022-01-31")
    assert trouble() == [
        "policies/2022/policy.yaml:7:9: “2021” and “2022” are both in force 2022-01-01–2022-01-31. Only a policy "
        "that extends another and begins within its days takes days from it. Move one of the dates, or say “extends”."
    ]


def test_a_version_that_leaves_no_day_to_what_it_extends_is_a_problem() -> None:
    folder("again", policy="extends: 2022")
    assert trouble() == [
        "policies/again/policy.yaml:1:10: No day is left to “2022”: “again” extends it. “2022” is in force "
        "2022-01-01–2022-12-31. Say under “in_force” from which day on “again” holds."
    ]


def test_policies_of_two_issuers_may_have_the_same_days() -> None:
    version("2022-town", "2022-01-01", "2022-12-31", more="issuer: Another town")
    assert trouble() == []
    with pytest.raises(PolicyError) as refused:
        read_timeline(POLICIES).on(datetime.date(2022, 5, 1))
    assert str(refused.value) == (
        "policies: More than one policy is in force on 2022-05-01: 2022 (The town), 2022-town (Another town). "
        "Choose one with --year."
    )


def test_a_day_picks_the_version_in_force() -> None:
    version("2022-07", "2022-07-01", "2022-12-31")
    timeline = read_timeline(POLICIES)
    days = ("2022-01-01", "2022-06-30", "2022-07-01", "2022-12-31")
    found = [timeline.on(datetime.date.fromisoformat(day)).name for day in days]
    assert found == ["2022", "2022", "2022-07", "2022-07"]
    with pytest.raises(PolicyError) as refused:
        timeline.on(datetime.date(2023, 1, 1))
    assert str(refused.value) == (
        "policies: No policy is in force on 2023-01-01. In force are 2022 (2022-01-01–2022-06-30), "
        "2022-07 (2022-07-01–2022-12-31). Choose another day, or another folder with --policies."
    )


def test_a_day_picks_nothing_where_the_days_of_a_version_cannot_be_told() -> None:
    version("2023", "2023-01-01", "2023-02-30")
    with pytest.raises(PolicyError) as refused:
        read_timeline(POLICIES).on(datetime.date(2022, 1, 1))
    assert str(refused.value) == (
        "policies/2023/policy.yaml: It cannot be told on which days this policy is in force. "
        "Run bangfu check policies/2023, and correct what it says."
    )


# Each row by its own day -------------------------------------------------------------------------

ROWS = """
    number,day,yearly income,rent,filed
    a,2023-02-01,1000,900,yes
    b,2022-02-01,1000,900,yes
    c,2021-02-01,1000,900,yes
    d,soon,1000,900,yes
    e,2022-08-01,1000,900,yes
    f,,1000,900,yes
    a,2022-03-01,1000,900,yes
"""


def two_versions() -> Path:
    folder(
        "2022-07",
        policy="extends: 2022\nin_force: {from: 2022-07-01}",
        figures="figures: {lamp: {value: 70}}",
    )
    water = "categories: {tenant: {aids: {water: {at_most: lamp, because: § 7}}}}"
    year(figures="figures: {lamp: {value: 80}}", rules=water)
    table = Path("rows.csv")
    table.write_text(dedent(ROWS).lstrip(), encoding="utf-8")
    return table


def read_rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


TODAY = datetime.date(2022, 12, 31)


def test_each_row_is_decided_by_the_policy_in_force_on_its_day() -> None:
    result = evaluate_by_date(POLICIES, two_versions(), Path("out.csv"), today=TODAY)
    assert [(row["number"], row["light"], row["water"]) for row in read_rows("out.csv")] == [
        ("a", "80", "80"),
        ("b", "60", ""),
        ("e", "70", ""),
        ("f", "70", ""),
        ("a", "60", ""),
    ]
    counted = [(part.version.name, part.summary.read, part.summary.decided) for part in result.parts]
    assert counted == [("2022", 2, 2), ("2022-07", 2, 2), ("2023", 1, 1)]
    assert (result.read, result.decided, result.rejected, result.astray) == (7, 5, 2, 2)
    assert [part.summary.fingerprint for part in result.parts] == [
        load(POLICIES / name).fingerprint for name in ("2022", "2022-07", "2023")
    ]


def test_the_columns_of_all_versions_stand_where_each_has_them() -> None:
    evaluate_by_date(POLICIES, two_versions(), Path("out.csv"), today=TODAY)
    header = Path("out.csv").read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert header[5:] == [
        "category",
        "conclusion",
        "heating",
        "light",
        "water",
        "total",
        "payable",
        "approval",
        "clauses",
        "notes",
        "heating_floor",
        "heating_ceiling",
        "light_floor",
        "light_ceiling",
        "water_floor",
        "water_ceiling",
        "policy",
        "fingerprint",
    ]


def test_a_row_on_a_day_without_a_policy_is_a_bad_row() -> None:
    result = evaluate_by_date(POLICIES, two_versions(), Path("out.csv"), today=TODAY)
    said = [
        "rows.csv:4:day: No policy is in force on 2021-02-01. In force are 2022 (2022-01-01–2022-06-30), "
        "2022-07 (2022-07-01–2022-12-31), 2023 (2023-01-01–2023-12-31). Correct the day, or add the policy of that day.",
        "rows.csv:5:day: “soon” is not a day. Expected: a day such as 2023-08-01. Write year, month, day.",
    ]
    assert [problem.text() for problem in result.problems] == said
    assert [(row["number"], row["problem"]) for row in read_rows("out.rejects.csv")] == [("c", said[0]), ("d", said[1])]


def test_rejects_can_be_corrected_and_run_again() -> None:
    evaluate_by_date(POLICIES, two_versions(), Path("out.csv"), today=TODAY)
    again = Path("out.rejects.csv")
    again.write_text(again.read_text(encoding="utf-8-sig").replace("2021-02-01", "2022-02-01"), encoding="utf-8")
    result = evaluate_by_date(POLICIES, again, Path("second.csv"), today=TODAY)
    assert [row["number"] for row in read_rows("second.csv")] == ["c"]
    assert (result.decided, result.astray) == (1, 1)


def test_a_row_comes_to_what_its_version_alone_makes_of_it() -> None:
    table = two_versions()
    evaluate_by_date(POLICIES, table, Path("out.csv"), today=TODAY)
    policies = {policy.fingerprint: policy for policy in map(load, POLICIES.iterdir())}
    found = read_rows("out.csv")
    assert len(found) == 5
    for row in found:
        facts = {name: row[name] for name in ("number", "day", "yearly income", "rent", "filed")}
        assert shown_total(policies[row["fingerprint"]], facts) == row["total"]


def shown_total(policy: Policy, facts: dict[str, str]) -> str:
    return str(decide(policy, facts, today=TODAY).total)


def test_a_household_may_stand_once_in_each_year() -> None:
    table = two_versions()
    with table.open("a", encoding="utf-8") as stream:
        stream.write("b,2022-09-01,1000,900,yes\n")
    result = evaluate_by_date(POLICIES, table, today=TODAY)
    said = [problem.text() for part in result.parts for problem in part.summary.problems]
    assert said == [
        "rows.csv:3:number: “b” stands in 2 rows. Expected: one row for each “number”. "
        "Keep the right row, and remove the others.",
        "rows.csv:9:number: “b” stands in 2 rows. Expected: one row for each “number”. "
        "Keep the right row, and remove the others.",
    ]


def test_a_blank_day_that_means_nothing_is_a_bad_row() -> None:
    table = two_versions()
    for name in ("2022-07", "2023"):
        shutil.rmtree(POLICIES / name)
    facts = POLICIES / "2022" / "facts.yaml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("    when_absent: today\n", ""), encoding="utf-8")
    result = evaluate_by_date(POLICIES, table, today=TODAY)
    assert [problem.text() for problem in result.problems][-1] == (
        "rows.csv:7:day: “day” is blank, and its day tells which policy decides. Fill it in."
    )


def refused_by_date() -> str:
    with pytest.raises(PolicyError) as refused:
        evaluate_by_date(POLICIES, two_versions(), today=TODAY)
    return str(refused.value)


def test_rows_are_not_given_to_versions_that_overlap() -> None:
    version("2022-10", "2022-10-01", "2022-12-31")
    assert refused_by_date().startswith("policies/2022-10/policy.yaml:3:18: “2022-07” and “2022-10” are both in force")


def test_rows_are_not_given_to_the_policies_of_two_issuers() -> None:
    version("2022-town", "2022-01-01", "2022-12-31", more="issuer: Another town")
    assert refused_by_date() == (
        "policies: The policies here are of several issuers: The town, Another town. A row's day does not tell whose "
        "policy decides it. Put the policies of each issuer into a folder of their own, and name it with --policies."
    )


def test_rows_are_not_given_to_a_policy_without_a_reference_date() -> None:
    path = POLICIES / "2022" / "policy.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("reference_date: day\n", ""), encoding="utf-8")
    assert refused_by_date() == (
        "policies/2022/policy.yaml: “2022” has no reference date, by which a row could be given to it. "
        "Name the fact under “reference_date” in policy.yaml."
    )


def test_a_folder_without_policies_decides_no_row() -> None:
    table = two_versions()
    Path("empty").mkdir()
    with pytest.raises(PolicyError) as refused:
        evaluate_by_date(Path("empty"), table, today=TODAY)
    assert str(refused.value) == "empty: There is no policy here. Check the path given with --policies."


# The command line ----------------------------------------------------------------------------------


Bangfu = Callable[..., tuple[int, str, str]]
LEAVE_OUT = "With --by-date the rows say the day: leave --year and --on out."


def test_check_tells_gaps_and_overlaps_and_which_version_is_in_force(bangfu: Bangfu) -> None:
    version("2023", "2023-03-01", "2023-12-31")
    code, out, beside = bangfu("check")
    assert code == 0
    assert out.splitlines()[-1] == (
        "policies: In force are 2022 (2022-01-01–2022-12-31), 2023 (2023-03-01–2023-12-31)."
    )
    assert "warning: No policy is in force 2023-01-01–2023-02-28." in beside
    version("2023-07", "2023-07-01", "2023-12-31")
    assert bangfu("check")[0] == 1
    assert bangfu("check", "2023")[0] == 0
    assert bangfu("check", "2023-07")[0] == bangfu("check", "policies/2023-07")[0] == 1


def test_a_day_picks_the_policy_of_every_command(bangfu: Bangfu) -> None:
    table = str(two_versions())
    assert bangfu("show", "--on", "2022-08-15")[1] == bangfu("show", "2022-07")[1]
    assert bangfu("evaluate", table, "--on", "2022-08-15")[1] == bangfu("evaluate", table, "--year", "2022-07")[1]
    assert bangfu("explain", table, "--on", "2022-08-15")[1] == bangfu("explain", table, "--year", "2022-07")[1]
    assert bangfu("test", "--on", "2022-08-15")[2].startswith("Policy folder: policies/2022-07\n")


def test_a_year_without_a_worked_case_does_not_pass(bangfu: Bangfu) -> None:
    version("2023", "2023-01-01", "2023-12-31")
    told = (
        "policies/2023/cases.yaml: There is no worked case, so nothing was tested. Work out some households by hand "
        "from the text, and write each here with its clause, the reasoning and what is expected.\n"
    )
    assert bangfu("test", "2023") == (1, "", f"Policy folder: policies/2023\n{told}")
    assert bangfu("test")[0] == 1
    assert bangfu("test", "2023", "--coverage", "--json")[0] == 1


def test_a_year_that_a_change_takes_days_from_says_so(bangfu: Bangfu) -> None:
    two_versions()
    assert bangfu("show", "2022")[2] == (
        "Policy folder: policies/2022\n"
        "2022-07-01–2022-12-31 “2022-07” is in force instead; choose the policy by a day with --on.\n"
    )
    assert bangfu("show", "2022-07")[2] == "Policy folder: policies/2022-07\n"


def test_a_day_without_a_policy_ends_with_1(bangfu: Bangfu) -> None:
    assert bangfu("show", "--on", "2024-08-15") == (
        1,
        "",
        "policies: No policy is in force on 2024-08-15. In force are 2022 (2022-01-01–2022-12-31). "
        "Choose another day, or another folder with --policies.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "2022", "--on", "2022-08-15"), "Say either a year or a day with --on."),
        (("test", "2022", "--on", "2022-08-15"), "Say either a year or a day with --on."),
        (("evaluate", "rows.csv", "--year", "2022", "--on", "2022-08-15"), "Say either a year or a day with --on."),
        (("evaluate", "rows.csv", "--by-date", "--year", "2022"), LEAVE_OUT),
        (("evaluate", "rows.csv", "--by-date", "--on", "2022-08-15"), LEAVE_OUT),
        (("show",), "Say which year, or a day with --on. There are: 2022, 2022-07, 2023."),
        (("evaluate", "rows.csv"), "Say which year, or a day with --on. There are: 2022, 2022-07, 2023."),
        (("show", "2022", "--flat", "--core"), "--flat writes the policy as it is: leave --core and --question out."),
        (("show", "2022", "-o", "full"), "-o is for --flat."),
    ],
)
def test_options_that_do_not_go_together_end_with_2(bangfu: Bangfu, arguments: tuple[str, ...], said: str) -> None:
    two_versions()
    code, out, beside = bangfu(*arguments)
    assert (code, out) == (2, "")
    assert beside.splitlines()[-1] == f"Error: {said}"


def test_a_run_by_date_is_summed_up_for_each_version(bangfu: Bangfu) -> None:
    code, out, beside = bangfu("evaluate", str(two_versions()), "--by-date", "--today", "2022-12-31")
    assert code == 1
    lines = out.splitlines()
    assert [line for line in lines if line.startswith("policies/")] == [
        "policies/2022",
        "policies/2022-07",
        "policies/2023",
    ]
    assert "2 rows: 2 decided, 0 set aside" in lines
    assert lines[-1] == "In all 7 rows: 5 decided, 2 set aside, 2 of them given to no policy"
    assert beside.startswith("rows.csv:4:day: No policy is in force on 2021-02-01.")


def test_show_flat_prints_the_files_or_writes_them(bangfu: Bangfu) -> None:
    year()
    out = bangfu("show", "2023", "--flat")[1]
    assert out.splitlines()[:4] == [
        "# policy.yaml",
        "# yaml-language-server: $schema=../../schemas/policy.schema.json",
        "title: Heating aid 2023",
        "year: 2023",
    ]
    assert bangfu("show", "2023", "--flat", "-o", "full")[1] == "Written: full\n"
    assert load("full") == load(POLICIES / "2023")
    assert bangfu("show", "2023", "--flat", "-o", "full")[0] == 1


@pytest.mark.parametrize("command", ["check", "evaluate", "explain", "test", "show"])
def test_the_help_of_a_command_that_knows_days_has_an_example(bangfu: Bangfu, command: str) -> None:
    out = bangfu(command, "--help")[1]
    assert "Examples: bangfu" in out
    assert command == "check" or "--on 2023-08-15" in " ".join(out.split())
