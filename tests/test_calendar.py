"""Days: made of numbers only where there is such a day, and years earlier by the calendar."""

import datetime
from pathlib import Path

import pytest
from small_policies import number, policy, problems

import engine

DAY = """
    facts:
      day:
        kind: date
        meaning: a day
        when_absent: {absent}
"""


def rules(expression: str) -> str:
    return f"""
        rules:
          found:
            is: {expression}
        outputs:
          - found
    """


@pytest.mark.parametrize(
    ("day", "years", "earlier"),
    [
        ("2024-02-29", 4, "2020-02-29"),
        ("2024-02-29", 0, "2024-02-29"),
        ("2024-02-29", 1, "2023-02-28"),
        ("2023-02-28", 3, "2020-02-28"),
        ("2023-08-15", 1, "2022-08-15"),
    ],
)
def test_years_before_keeps_29_february_where_the_year_has_one(
    tmp_path: Path, day: str, years: int, earlier: str
) -> None:
    found = policy(tmp_path, facts=DAY.format(absent="today"), rules=rules(f"years_before(day, {years})"))
    assert engine.decide(found, {"day": day}).names["found"] == datetime.date.fromisoformat(earlier)


@pytest.mark.parametrize("made", ["date(2023, 2, 29)", "date(2023, 13, 1)", "date(2023, 0, 1)", "date(0, 1, 1)"])
def test_a_day_that_there_is_not_is_a_problem(tmp_path: Path, made: str) -> None:
    (found,) = problems(tmp_path, facts=DAY.format(absent="today"), rules=rules(f"days_between(day, {made})"))
    assert found.startswith(f"rules.yaml:3: “{made}” may be no day of the calendar.")
    (found,) = problems(tmp_path, facts=DAY.format(absent=made), rules=rules("year_start(day)"))
    assert found.startswith(f"facts.yaml:5: “{made}” may be no day of the calendar.")


@pytest.mark.parametrize(
    ("made", "is_day"),
    [
        ("date(2024, 2, 29)", True),
        ("date(2024, n, 28)", True),
        ("date(2000 + n, 12, 31)", True),
        ("date(2000 + n, 2, 29)", False),
        ("date(2024, n, 29)", False),
        ("date(2024, 1, n / 2 + 1)", False),
    ],
)
def test_a_day_made_of_facts_is_one_for_every_household(tmp_path: Path, made: str, is_day: bool) -> None:
    facts = "facts:\n" + number("n", at_least=1, at_most=12)
    assert (problems(tmp_path, facts=facts, rules=rules(f"days_between({made}, date(2024, 1, 1)) + n")) == []) is is_day


def test_a_day_written_out_is_told_as_a_day(tmp_path: Path) -> None:
    found = policy(tmp_path, facts=DAY.format(absent="today"), rules=rules("day >= date(2024, 10, 1)"))
    told = engine.explain(found, {"day": "2024-09-30"}).text()
    assert "found: day ≥ 2024-10-01" in told and "does not hold" in told
