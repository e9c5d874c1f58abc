"""Households made up for a policy: the same for the same seed, within what the facts declare, many of them on lines."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from small_policies import number, policy

import engine
from engine.algebras.exact import Value
from engine.fold import fold
from engine.policy import FAULTS
from engine.population import population
from engine.population.lines import Measures
from engine.tables.forms import EXAMPLES, FORMS
from engine.tables.intake import Intake

MONEY = """
  {name}:
    kind: money
    unit: GBP/year
    meaning: an amount
    at_least: 0
    at_most: 1000000
    step: 0.01
"""
FACTS = f"facts:\n{number('persons', at_least=1, at_most=9)}{MONEY.format(name='income')}{MONEY.format(name='rent')}"
RULES = """
rules:
  left:
    is: (income - rent) / persons
    clause: "1"
    because: what is left for each
  is_poor:
    is: left < line
    clause: "1"
    because: below the line
outputs:
  - is_poor
"""
FIGURES = """
figures:
  line:
    value: 7200
    unit: GBP/year
    clause: "1"
    quote: below 7200
"""


@pytest.fixture
def small(tmp_path: Path) -> engine.Policy:
    return policy(tmp_path, facts=FACTS, rules=RULES, figures=FIGURES)


def measures(found, household: Mapping[str, object]) -> dict[str, list[Value]]:
    core = Intake(found, found.since).household(household)
    algebra = Measures(found)
    fold(found, core.facts, algebra, core.persons)
    return {name: [measure.value for measure in noted] for name, noted in algebra.found.items()}


def test_the_same_seed_gives_the_same_households_and_another_seed_others(small):
    first = population(small, 60, 1)
    assert first == population(small, 60, 1)
    assert first != population(small, 60, 2)
    assert len(first) == len({str(household) for household in first}) == 60


def test_a_third_of_the_households_are_within_a_step_of_a_line(small):
    found = population(small, 80, 1)
    past = [measures(small, household)["is_poor"][0] for household in found]
    assert {sign for one in past for sign in ((one > 0) - (one < 0),)} == {-1, 0, 1}
    assert sum(abs(Fraction(one)) <= Fraction(1, 100) for one in past) >= 30


def test_a_household_that_cannot_be_brought_in_is_one_of_fifty_at_most():
    found = engine.load("policies/2023")
    intake, refused = Intake(found, found.since), 0
    for household in population(found, 100, 1):
        try:
            intake.household(household)
        except engine.HouseholdError:
            refused += 1
    assert refused <= 2


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_an_example_that_is_valid_and_one_of_every_fault(form: str):
    assert {FORMS[form].fault(text) for text in EXAMPLES[form]} == {None, *FAULTS[form]}
    assert all(text.startswith("99") for text in EXAMPLES[form])
