"""Facts that are needed only under a condition: without them the household cannot be decided, and it says which."""

from pathlib import Path

import pytest
from small_policies import policy, problems

import engine

RULES = """
    rules:
      fees:
        is: sum(fee if given(fee) else 0)
    outputs:
      - fees
"""


def facts(condition: str, optional: str = "optional: true") -> str:
    """A household that may be exempt, and pupils of two stages with a fee that is needed under `condition`."""
    return f"""
        facts:
          exempt:
            kind: truth
            meaning: whether the household is exempt
            when_absent: false
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
              fee:
                kind: money
                unit: GBP/year
                meaning: the fee
                at_least: 0
                at_most: 1000
                step: 1
                {optional}
                needed_when: {condition}
    """


@pytest.mark.parametrize(
    ("household", "is_decided"),
    [
        ({"pupils": [{"stage": "high"}]}, False),
        ({"pupils": [{"stage": "low"}, {"stage": "high"}]}, False),
        ({"pupils": [{"stage": "high", "fee": 10}, {"stage": "low"}]}, True),
        ({"pupils": [{"stage": "high"}], "exempt": "yes"}, True),
        ({"pupils": []}, True),
    ],
)
def test_a_fact_of_a_person_can_be_needed(tmp_path: Path, household: dict[str, object], is_decided: bool) -> None:
    found = policy(tmp_path, facts=facts('stage == "high" and not exempt'), rules=RULES)
    if is_decided:
        engine.decide(found, household)
    else:
        with pytest.raises(engine.HouseholdError, match="it cannot be decided without fee"):
            engine.decide(found, household)


def test_a_fact_of_a_person_that_is_needed_is_optional(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, facts=facts('stage == "high"', "when_absent: 0"), rules=RULES)
    assert found.startswith("facts.yaml:25: “fee” says when it is needed, and is not optional.")


def test_what_a_fact_of_a_person_is_needed_for_is_a_truth(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, facts=facts("fee"), rules=RULES)
    assert found.startswith("facts.yaml:25: Here stands a number in GBP/year, and a truth is needed.")
