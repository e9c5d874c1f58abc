"""Categories and bands whose conditions choose, chain or gather over persons: written out without changing their meaning."""

from pathlib import Path

import pytest
from small_policies import number, policy

import engine

FACTS = (
    "facts:\n"
    + number("rooms", at_least=0, at_most=9)
    + """\
groups:
  persons:
    meaning: the persons
    at_least: 1
    at_most: 5
    facts:
      age:
        kind: count
        unit: person
        meaning: the age
        at_least: 0
        at_most: 120
        step: 1
      part:
        kind: text
        meaning: the part
        choices:
          - child
          - parent
        when_absent: '"parent"'
"""
)


def rules(when: str) -> str:
    return f"""
        rules:
          shared:
            is: rooms / count(persons)
        categories:
          crowded:
            when: {when}
            aids:
              help:
                exactly: sum(age)
        conclusions:
          none_holds: none
          nothing_left: nothing
          payable: payable
    """


def household(rooms: int, *ages: int) -> dict[str, object]:
    return {"rooms": rooms, "persons": [{"age": age} for age in ages]}


@pytest.mark.parametrize(
    ("when", "found", "does", "notes"),
    [
        ("any(age > 5)", household(1, 5, 6), True, ["for somebody, age equals 5 exactly"]),
        ("any(age > 5)", household(1, 5), False, ["for somebody, age equals 5 exactly"]),
        ("any(age > 5)", household(1, 4, 6), True, []),
        ("rooms < (3 if shared > 1 else 2)", household(2, 9), True, []),
        ("rooms < (3 if shared > 1 else 2)", household(3, 9), False, ["rooms equals 3 if shared > 1 else 2 exactly"]),
        ("1 < rooms <= 3", household(2, 9), True, []),
        ("1 < rooms <= 3", household(1, 9), False, ["1 equals rooms exactly"]),
        ("1 < rooms <= 3", household(3, 9), True, ["rooms equals 3 exactly"]),
        ('sum(age if part == "child" else 0) >= 0 and rooms < 9', household(2, 9), True, ["equals 0 exactly"]),
    ],
)
def test_a_household_on_the_line_is_noted(
    tmp_path: Path, when: str, found: dict[str, object], does: bool, notes: list[str]
) -> None:
    decision = engine.decide(policy(tmp_path, facts=FACTS, rules=rules(when)), found)
    assert (decision.category == "crowded") is does
    said = [note for note in decision.notes if "exactly" in note]
    assert len(said) == len(notes) and all(part in note for part, note in zip(notes, said, strict=True))


def test_bands_may_measure_a_choice(tmp_path: Path) -> None:
    banded = """
        rules:
          fee:
            unit: person
            bands:
              - when: (rooms if rooms > 1 else 5) <= 2
                is: 3
              - when: (rooms if rooms > 1 else 5) > 2
                is: 7
        outputs:
          - fee
    """
    found = policy(tmp_path, facts="facts:\n" + number("rooms", at_most=9), rules=banded)
    assert [engine.decide(found, {"rooms": rooms}).names["fee"] for rooms in (1, 2, 3)] == [7, 3, 7]
