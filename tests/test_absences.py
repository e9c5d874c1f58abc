"""What the absence of a fact means: settled before the rules, so checked when the policy loads."""

from pathlib import Path

import pytest
from small_policies import number, policy, problems

import engine

RULES = """
    rules:
      each:
        is: whole / parts
    outputs:
      - each
"""


def facts(absent: str) -> str:
    """A whole that is 6 where nobody says it, and 1 to 10 parts for which `absent` says what absence means."""
    parts = number("parts", at_least=1, at_most=10, more=f"when_absent: {absent}")
    return "facts:\n" + number("whole", more="when_absent: 6") + parts


@pytest.mark.parametrize(
    ("absent", "problem"),
    [
        ("0", "What absence means can be 0, which “parts” cannot be."),
        ("11", "What absence means can be 11, which “parts” cannot be."),
        ("max(whole, 1)", "What absence means can be 100, which “parts” cannot be."),
        ("6 / whole", "The divisor is not shown to be above 0: “whole”."),
        ("2 if given(whole) else 1", "“given” may not be used here."),
        ("count(whole)", "“count” may not be used here."),
        ("lookup(nowhere, whole)", "No table is called “nowhere”."),
        ("each", "What the absence of “parts” means reads “each”, which is settled later."),
        ("unknown", "No fact, figure or rule is called “unknown”."),
    ],
)
def test_an_absence_that_cannot_be_meant_is_a_problem(tmp_path: Path, absent: str, problem: str) -> None:
    (found,) = problems(tmp_path, facts=facts(absent), rules=RULES)
    assert found.startswith("facts.yaml:17: ") and problem in found


def test_an_absence_may_be_calculated_from_facts_above(tmp_path: Path) -> None:
    found = policy(tmp_path, facts=facts("min(max(whole, 1), 10)"), rules=RULES)
    assert engine.decide(found, {"whole": 4}).names["each"] == 1  # 4 / min(max(4, 1), 10)


def test_a_lookup_of_an_unknown_table_is_a_problem_in_a_rule(tmp_path: Path) -> None:
    (found,) = problems(
        tmp_path, facts=facts("1"), rules=RULES.replace("whole / parts", "lookup(nowhere, whole / parts)")
    )
    assert found == "rules.yaml:3: No table is called “nowhere”. Declare it, or correct the name."


# Persons

TABLES = """
    tables:
      rates:
        unit: share
        keys:
          - stage
        rows:
          - stage: high
            value: 3
          - stage: low
            value: 2
"""
OF_PERSONS = """
    rules:
      total:
        is: min(sum(lookup(rates, stage) * rate), limit)
    outputs:
      - total
"""


def of_persons(stage: str, rate: str = "1") -> str:
    """A limit, and pupils with a stage and a rate for which `stage` and `rate` say what absence means."""
    return f"""
        facts:
          limit:
            kind: count
            unit: person
            meaning: the limit
            at_least: 0
            at_most: 100
            step: 1
        groups:
          pupils:
            meaning: the pupils
            at_most: 5
            facts:
              stage:
                kind: text
                meaning: the stage
                choices:
                  - high
                  - low
                when_absent: '{stage}'
              rate:
                kind: count
                unit: share
                meaning: the rate
                at_least: 1
                at_most: 3
                step: 1
                when_absent: {rate}
    """


@pytest.mark.parametrize(
    ("stage", "rate", "problem"),
    [
        ('"middle"', "1", "facts.yaml:20: What absence means can be middle, which “stage” cannot be."),
        ("low", "1", "facts.yaml:20: No fact, figure or rule is called “low”."),
        ('"low"', "0", "facts.yaml:28: What absence means can be 0, which “rate” cannot be."),
        ('"low"', "stage", "facts.yaml:28: What absence means is a text, and “rate” is a number without unit."),
        ('"low"', "limit", "facts.yaml:28: What absence means can be 0, which “rate” cannot be."),
        ('"low"', "total", "facts.yaml:28: What the absence of “rate” means reads “total”, which is settled later."),
        ('"low"', "other(limit)", "facts.yaml:28: “other” may not be used here."),
    ],
)
def test_an_absence_of_a_person_is_checked_like_one_of_the_household(
    tmp_path: Path, stage: str, rate: str, problem: str
) -> None:
    (found,) = problems(tmp_path, facts=of_persons(stage, rate), tables=TABLES, rules=OF_PERSONS)
    assert found.startswith(problem)


def test_an_absence_of_a_person_reads_what_the_person_brings(tmp_path: Path) -> None:
    found = policy(tmp_path, facts=of_persons('"low"', "lookup(rates, stage)"), tables=TABLES, rules=OF_PERSONS)
    pupils = [{}, {"stage": "high"}, {"stage": "high", "rate": 1}]
    assert engine.decide(found, {"limit": 100, "pupils": pupils}).names["total"] == 16  # 2 * 2 + 3 * 3 + 3 * 1
