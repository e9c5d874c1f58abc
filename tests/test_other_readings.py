"""`other(x)`: what `x` comes to under the other reading of a question, whatever the overlay changes."""

from pathlib import Path

import pytest
from small_policies import policy, problems

import engine

FACTS = """
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
        when_absent: 0
    groups:
      pupils:
        meaning: the pupils
        at_most: 5
        facts:
          level:
            kind: text
            meaning: the level
            choices:
              - high
              - low
            when_absent: '"low"'
"""
TABLES = """
    tables:
      rates:
        unit: GBP/year
        keys:
          - stage
        rows:
          - stage: high
            value: 3
          - stage: low
            value: 2
"""
RULES = """
    rules:
      aid:
        is: lookup(rates, stage) + fee
      aids:
        is: sum(lookup(rates, level))
    outputs:
      - aid
      - aids
"""


def questions(matters: str, overlay: str) -> str:
    return f"""
        questions:
          the_point:
            clause: 1
            text: what is it
            reading: this
            other: that
            matters_when: {matters}
            overlay:
{overlay}
    """


OTHER_TABLE = """
              tables:
                rates:
                  rows:
                    - stage: high
                      value: 4
                    - stage: low
                      value: 2
"""
OTHER_ABSENCE = """
              facts:
                fee:
                  when_absent: 1
"""
OTHER_ABSENCE_OF_A_PERSON = """
              groups:
                pupils:
                  facts:
                    level:
                      when_absent: '"high"'
"""


@pytest.mark.parametrize(
    ("matters", "household", "does"),
    [
        ("other(aid) != aid", {"stage": "high"}, True),
        ("other(aid) != aid", {"stage": "low"}, False),
        ("other(aids) != aids", {"stage": "low", "pupils": [{"level": "low"}, {"level": "high"}]}, True),
        ("other(aids) != aids", {"stage": "high", "pupils": [{"level": "low"}]}, False),
        ("other(aids) == aids / 5 * 6", {"stage": "low", "pupils": [{"level": "low"}, {"level": "high"}]}, True),
    ],
)
def test_other_sees_another_table(tmp_path: Path, matters: str, household: dict[str, object], does: bool) -> None:
    found = policy(tmp_path, facts=FACTS, tables=TABLES, rules=RULES, questions=questions(matters, OTHER_TABLE))
    assert any("the_point" in note for note in engine.decide(found, household).notes) is does


OTHER_FIGURE = """
              figures:
                extra:
                  value: 5
                  unit: GBP/year
                  because: the other reading has one figure more
              rules:
                aid:
                  is: lookup(rates, stage) + fee + extra
"""
BANDED = """
    rules:
      banded:
        unit: GBP/year
        bands:
          - when: fee <= 10
            is: 3
          - when: fee > 10
            is: 5
      aids:
        is: banded + lookup(rates, stage) + sum(lookup(rates, level))
    outputs:
      - aids
"""
OTHER_BANDS = """
              rules:
                banded:
                  bands:
                    - when: fee <= 10
                      is: 3
                    - when: 10 < fee <= 20
                      is: 4
                    - when: fee > 20
                      is: 6
"""


def test_other_sees_another_figure(tmp_path: Path) -> None:
    matters = "other(aid) == aid + fee"
    found = policy(tmp_path, facts=FACTS, tables=TABLES, rules=RULES, questions=questions(matters, OTHER_FIGURE))
    for fee, does in ((5, True), (4, False)):
        notes = engine.decide(found, {"stage": "low", "fee": fee}).notes
        assert any("the_point" in note for note in notes) is does


def test_other_sees_other_bands(tmp_path: Path) -> None:
    matters = "other(aids) < aids"
    found = policy(tmp_path, facts=FACTS, tables=TABLES, rules=BANDED, questions=questions(matters, OTHER_BANDS))
    for fee, does in ((10, False), (11, True), (20, True), (21, False)):
        notes = engine.decide(found, {"stage": "low", "fee": fee}).notes
        assert any("the_point" in note for note in notes) is does


@pytest.mark.parametrize(
    ("matters", "overlay", "fact"),
    [
        ("other(aid) != aid", OTHER_ABSENCE, "fee"),
        ("other(aids) != aids", OTHER_ABSENCE_OF_A_PERSON, "level"),
    ],
)
def test_other_refuses_another_absence(tmp_path: Path, matters: str, overlay: str, fact: str) -> None:
    found = problems(tmp_path, facts=FACTS, tables=TABLES, rules=RULES, questions=questions(matters, overlay))
    assert found == [
        f"questions.yaml:7: “other” cannot see what the absence of “{fact}” means in the other reading. "
        f"What absence means is settled before the rules. Say with given({fact}) when the question matters."
    ]
