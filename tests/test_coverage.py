"""What worked cases reach of a policy: `bangfu test --coverage`, in a policy of a few lines where it can be counted by hand."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from small_policies import number, written

import cli
from engine.algebras.trace import Step, Trace
from engine.coverage import Coverage, cover
from engine.coverage.pairs import parts
from engine.expression import Expression, Reader, parse
from engine.source import Leaf, Place

RULES = """
    rules:
      needy:
        is: rooms < limit and not has_home
        clause: art. 1
      help:
        is: min(10 * rooms, 50) if needy else 0
        clause: art. 2
    outputs:
      - help
    notes:
      empty:
        when: rooms == 0
        say: no rooms
        clause: art. 3
"""
FACTS = (
    "facts:\n"
    + number("rooms", at_most=9)
    + """\
  has_home:
    kind: truth
    meaning: whether there is a home
    when_absent: false
"""
)
FIGURES = """
    figures:
      limit:
        value: 6
        unit: person
        because: as said
"""


def covered(folder: Path, *cases: str) -> Coverage:
    """What these cases, each the lines of its facts, reach."""
    lines = ["cases:"]
    for index, facts in enumerate(cases):
        lines += [f"  case{index}:", "    clause: art. 1", "    because: by hand", "    facts:"]
        lines += [f"      {fact}" for fact in facts.split(", ")]
        lines += ["    expect:", "      needy: yes" if "has_home" not in facts else "      help: 0"]
    written(folder, rules=RULES, facts=FACTS, figures=FIGURES, cases="\n".join(lines))
    return cover(folder)


ENDS = """
    rules:
      low:
        is: max(8 * rooms - others, 0)
        clause: art. 1
      high:
        is: max(12 * rooms - others, 0)
        clause: art. 1
      turned:
        is: low > high
        clause: art. 1
      wide:
        is: rooms > 7 and low > high
        clause: art. 1
    outputs:
      - turned
      - wide
"""


def test_what_no_household_can_reach_is_told_by_itself(tmp_path: Path) -> None:
    """`low` is never above `high`, though the bounds of each by itself would allow it."""
    facts = "facts:\n" + number("rooms", at_most=9) + number("others", at_most=99)
    case = "cases:\n  one:\n    clause: art. 1\n    because: by hand\n    facts:\n      rooms: 8\n      others: 1\n    expect:\n      low: 63\n"
    written(tmp_path, rules=ENDS, facts=facts, cases=case)
    found = cover(tmp_path)
    out = [(one.rule, one.wanted, one.part) for one in found.sections[0].missed if one.is_impossible]
    assert out == [
        ("turned", "above", "low > high"),
        ("wide", "holds", "rooms > 7 and low > high"),
        ("wide", "alone", "rooms > 7 and low > high"),
        ("wide", "above", "low > high"),
    ]
    assert "branches 3/7 (2 out of reach)  bounds 2/9 (2 out of reach)" in found.text()
    assert "\nOut of reach of every household: the decision\n" in found.text()


def counts(found: Coverage, section: str) -> dict[str, str]:
    (one,) = (part for part in found.sections if part.name == section)
    return {tally.kind: f"{tally.reached}/{tally.all}" for tally in one.tallies}


def missed(found: Coverage, section: str) -> list[str]:
    (one,) = (part for part in found.sections if part.name == section)
    return [
        f"{part.rule}:{0 if part.place is None else part.place.line}: {part.household.text()}" for part in one.missed
    ]


def test_no_case_reaches_nothing(tmp_path: Path) -> None:
    written(tmp_path, rules=RULES, facts=FACTS, figures=FIGURES)
    found = cover(tmp_path)
    assert counts(found, "decision") == {"rules": "0/2", "branches": "0/7", "bounds": "0/3"}
    assert missed(found, "decision") == [
        "needy:3: A household whose decision rests on it.",
        "help:6: A household whose decision rests on it.",
    ]


def test_one_household_reaches_one_side_of_everything(tmp_path: Path) -> None:
    found = covered(tmp_path, "rooms: 3")
    assert counts(found, "decision") == {"rules": "2/2", "branches": "3/7", "bounds": "1/3"}
    assert missed(found, "decision") == [
        "needy:3: A household for which “rooms < limit” fails, and all else that “and” joins to it holds.",
        "needy:3: A household for which “not has_home” fails, and all else that “and” joins to it holds.",
        "needy:3: A household with rooms exactly limit.",
        "needy:3: A household with rooms above limit.",
        "help:6: A household with 50 below all else that stands in this “min”.",
        "help:6: A household for which “needy” fails.",
    ]


def test_a_branch_that_is_not_taken_reaches_nothing_in_it(tmp_path: Path) -> None:
    found = covered(tmp_path, "rooms: 9, has_home: yes")
    assert "help:6: A household with 10 * rooms below all else that stands in this “min”." in missed(found, "decision")


def test_two_operands_that_decide_together_are_no_side_of_either(tmp_path: Path) -> None:
    found = covered(tmp_path, "rooms: 9, has_home: yes")
    assert sum("all else that “and” joins" in line for line in missed(found, "decision")) == 2


def test_all_is_said_only_when_all_is_reached(tmp_path: Path) -> None:
    almost = covered(tmp_path, "rooms: 0", "rooms: 3", "rooms: 5", "rooms: 6, has_home: no", "rooms: 2, has_home: yes")
    assert counts(almost, "decision") == {"rules": "2/2", "branches": "6/7", "bounds": "2/3"}


def test_what_the_bounds_of_the_facts_rule_out_is_no_goal(tmp_path: Path) -> None:
    written(tmp_path, rules=RULES, facts=FACTS.replace("at_most: 9", "at_most: 6"), figures=FIGURES)
    assert counts(cover(tmp_path), "decision")["bounds"] == "0/2"


def test_what_only_a_note_reads_stands_apart(tmp_path: Path) -> None:
    found = covered(tmp_path, "rooms: 3")
    assert counts(found, "decision")["rules"] == "2/2"
    assert "notes·empty:12: A household for which “rooms == 0” holds." in missed(found, "notes")


def test_the_text_gives_exact_counts_and_places(tmp_path: Path) -> None:
    lines = covered(tmp_path, "rooms: 3").text().split("\n")
    assert lines[0] == f"{tmp_path}: what 1 cases reach (0 more are of other readings)"
    assert lines[1] == "  the decision: rules 2/2  branches 3/7  bounds 1/3"
    place = f"{tmp_path}/rules.yaml:3:9"
    assert f"  {place}: needy (clause art. 1): A household with rooms exactly limit." in lines
    assert "%" not in "\n".join(lines)


@pytest.mark.parametrize("asked", [["--coverage"], ["--coverage", "--json"]])
def test_the_command_tells_it(tmp_path: Path, asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "2024"
    folder.mkdir()
    covered(folder, "rooms: 3")
    with pytest.raises(SystemExit) as ended:
        cli.cli(["--lang", "en", "test", "2024", "--policies", str(tmp_path), *asked])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    if "--json" in asked:
        (year,) = json.loads(printed)
        assert year["sections"][0]["reached"]["branches"] == {"reached": 3, "all": 7, "out_of_reach": 0}
    else:
        assert "  the decision: rules 2/2  branches 3/7  bounds 1/3\n" in printed


def test_json_is_for_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.cli(["--lang", "en", "test", "--json"])
    assert ended.value.code == 2
    assert "--json is for --coverage." in capsys.readouterr().err


# An expression beside its trace ------------------------------------------------------------

EXPRESSIONS = (
    "1 + 2 * -3",
    "x < 3 and x > 0 and not x == 2",
    "x == 1 or 0 < x <= 2 or x in (7, 8) or x not in (9,)",
    "min(x, 2, 1) if x > 0 else max(x, round_up(x / 3, 2))",
    dedent("abs(x) - 1"),
)


def _every(node: ast.expr, step: Step) -> Iterator[tuple[ast.expr, Step]]:
    yield node, step
    for pair in parts(node, step):
        yield from _every(*pair)


@pytest.mark.parametrize("text", EXPRESSIONS)
@pytest.mark.parametrize("x", [-1, 0, 1, 2, 7])
def test_each_part_of_an_expression_stands_beside_its_own_step(text: str, x: int) -> None:
    algebra = Trace()
    names = {"x": algebra.named("x", algebra.fact(x))}
    expression = parse(Leaf(text, Place("")))
    assert isinstance(expression, Expression)
    pairs = list(_every(expression.tree, Reader(algebra, names).read(expression)))
    assert len(pairs) > 3
    for node, step in pairs:
        alone = Reader(algebra, names).read(Expression(text, node, expression.leaf))
        assert (alone.operation, alone.value) == (step.operation, step.value), ast.unparse(node)
