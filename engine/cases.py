"""Worked cases: what a policy must decide for households worked out by hand from the text."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from engine import schema
from engine.algebras.exact import Exact, Value
from engine.algebras.trace import Trace
from engine.decision import decided, shown
from engine.explanation.story import step_line, traced
from engine.expression import Expression, Reader, names_in, parse
from engine.loading import load
from engine.messages import Message, say
from engine.policy import Policy
from engine.source import Branch, Entry, Leaf, Place, PolicyError, Problem, merge, nearest, normal, read
from engine.tables.household import plain_cells
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Case", "Result", "read_cases", "run_case", "run_cases"]


@dataclass(frozen=True)
class Case:
    """One worked case: what the household brings, what is expected, why, and the question read the other way, if any."""

    name: str
    clause: str
    because: str
    facts: Branch
    expect: Branch
    refused: str
    question: str
    place: Place


@dataclass(frozen=True)
class Result:
    """What came of a case: nothing in `problems` where every expectation was met; `step` is the first step that differs."""

    case: Case
    problems: tuple[Problem, ...]
    step: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.problems


def read_cases(folder: Path) -> tuple[Case, ...]:
    """The cases of the policy in `folder`, in the order written; none where it has no cases.

    Raises: PolicyError with every problem of the file.
    """
    path = folder / "cases.yaml"
    if not path.exists():
        return ()
    tree, problems = read(path)
    if isinstance(tree, Branch):
        problems += schema.problems("cases", tree)
    if problems or not isinstance(tree, Branch):
        raise PolicyError(problems)
    start = tree.branch("starting_from")
    return tuple(_case(name, entry, start) for name, entry in tree.branch("cases").entries.items())


def _case(name: str, entry: Entry, start: Branch) -> Case:
    branch = entry.value
    assert isinstance(branch, Branch)

    def text(key: str) -> str:
        leaf = branch.leaf(key)
        return "" if leaf is None else leaf.text

    facts = merge(start, branch.branch("facts"))
    assert isinstance(facts, Branch)
    return Case(
        name,
        text("clause"),
        text("because"),
        facts,
        branch.branch("expect"),
        text("refused"),
        text("question"),
        entry.key.place,
    )


def run_cases(folder: Path) -> tuple[Result, ...]:
    """Every case of the policy in `folder`, run.

    Raises: PolicyError where the policy or its cases have problems.
    """
    policies: dict[str, Policy] = {"": load(folder)}
    results = []
    for case in read_cases(folder):
        if case.question not in policies:
            policies[case.question] = load(folder, questions=(case.question,))
        results.append(run_case(policies[case.question], case))
    return tuple(results)


def run_case(policy: Policy, case: Case) -> Result:
    """The `case` decided under `policy` and held against what it expects, exactly."""
    facts = {name: plain_cells(entry.value) for name, entry in case.facts.entries.items()}
    intake = Intake(policy, _first_day(policy))
    try:
        core = intake.household(facts, case.place.file)
        names = dict(decided(policy, core).names)
    except HouseholdError as error:
        return _refused(case, error)
    if case.refused:
        wrong = say("The case “{case}” is decided, and was to be refused.", case=case.name)
        return Result(case, (Problem(case.place, wrong, say("Expected: {reason}.", reason=case.refused)),))
    differences = _differences(policy, case, names)
    step = _first_step(policy, core, [name for name, _ in differences])
    return Result(case, tuple(problem for _, problem in differences), step)


def _first_day(policy: Policy) -> datetime.date:
    """The day that a case without a date is read on: the first of the policy, so that no case depends on today."""
    return policy.since


def _refused(case: Case, error: HouseholdError) -> Result:
    reasons = " ".join(problem.text() for problem in error.problems)
    if case.refused and case.refused in reasons:
        return Result(case, ())
    wrong = say("The case “{case}” cannot be decided: {reasons}", case=case.name, reasons=reasons)
    return Result(case, (Problem(case.place, wrong),))


def _differences(policy: Policy, case: Case, names: dict[str, Value]) -> list[tuple[str, Problem]]:
    found = []
    for name, entry in case.expect.entries.items():
        if name not in names:
            close = nearest(name, [output.heading for output in policy.outputs] + [rule.name for rule in policy.rules])
            remedy = (
                say("Did you mean “{close}”?", close=close) if close else say("Name a column of the result or a rule.")
            )
            found.append((name, Problem(entry.key.place, say("Nothing is called “{name}”.", name=name), None, remedy)))
        elif (
            isinstance(entry.value, Leaf) and (difference := _difference(policy, entry.value, names, name)) is not None
        ):
            wrong = say(
                "The case “{case}” expects {name} = {expected}.", case=case.name, name=name, expected=difference
            )
            got = say("It comes to {got}.", got=shown(policy, names[name]) or "“”")
            found.append((name, Problem(entry.value.place, wrong, got)))
    return found


def _difference(policy: Policy, leaf: Leaf, names: dict[str, Value], name: str) -> str | Message | None:
    """What was expected, where the value of `name` is something else; None where it is met."""
    value = names[name]
    if isinstance(value, str):
        return None if value == leaf.text else f"“{leaf.text}”"
    if isinstance(value, bool):
        text = normal(leaf.text).lower()
        expected = text in policy.words.yes
        known = expected or text in policy.words.no
        return None if known and expected == value else leaf.text
    if isinstance(value, datetime.date):
        return None if value.isoformat() == leaf.text else leaf.text
    expression = parse(leaf)
    if not isinstance(expression, Expression) or any(node.id not in names for node in names_in(expression.tree)):
        return say("{text} (which is no number)", text=leaf.text)
    wanted = Reader(Exact(policy.tables), names).read(expression)
    if wanted == value:
        return None
    value_text = shown(policy, wanted)
    return leaf.text if leaf.text == value_text else f"{leaf.text} = {value_text}"


def _first_step(policy: Policy, household: Household, differing: list[str]) -> str:
    """The step, in the order in which the policy is read, that is the first to differ."""
    first = next((rule.name for rule in policy.rules if rule.name in differing), None)
    if first is None:
        return ""
    return step_line(policy, traced(policy, household, Trace(policy.tables)), first)
