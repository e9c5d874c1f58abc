"""Tables that are looked up by the day alone."""

from pathlib import Path

import pytest
from small_policies import policy, problems

import engine

FACTS = """
    facts:
      day:
        kind: date
        meaning: the day
        when_absent: today
      line:
        kind: money
        unit: GBP/month
        meaning: last year's line
        at_least: 1
        at_most: 1000
        step: 1
        when_absent: lookup(lines, years_before(day, 1))
"""
TABLES = """
    tables:
      lines:
        unit: GBP/month
        dated: true
        rows:
          - from: 2022-01-01
            value: 100
          - from: 2023-04-01
            value: 110
"""
RULES = """
    rules:
      yearly:
        is: line
    outputs:
      - yearly
"""


@pytest.mark.parametrize(("day", "line"), [("2023-01-01", 100), ("2024-03-31", 100), ("2024-04-01", 110)])
def test_a_dated_table_needs_no_keys(tmp_path: Path, day: str, line: int) -> None:
    found = policy(tmp_path, facts=FACTS, tables=TABLES, rules=RULES)
    assert engine.decide(found, {"day": day}).names["yearly"] == line


def test_a_day_before_the_first_row_is_refused(tmp_path: Path) -> None:
    found = policy(tmp_path, facts=FACTS, tables=TABLES, rules=RULES)
    with pytest.raises(engine.HouseholdError, match="the table “lines” has no figure for 2021-12-31"):
        engine.decide(found, {"day": "2022-12-31"})


def test_a_table_without_keys_is_dated(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, facts=FACTS, tables=TABLES.replace("dated: true", "dated: false"), rules=RULES)
    assert found == "tables.yaml:2: “lines” does not say keys. Needed here: keys. Add the line “keys: …”."
