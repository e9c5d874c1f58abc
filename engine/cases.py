"""Worked cases: what a policy must decide for households worked out by hand from the text."""

from __future__ import annotations

import ast
import datetime
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from engine import schema
from engine.algebras.exact import Exact, Value
from engine.algebras.trace import Trace
from engine.cache import load_cached
from engine.decision import decided, shown
from engine.explanation.story import step_line, traced
from engine.expression import ROUNDINGS, Expression, Reader, Refusal, names_in, parse
from engine.loading import without_keys
from engine.messages import LANGUAGES, say
from engine.policy import Policy
from engine.source import Branch, Entry, Leaf, Place, PolicyError, Problem, merge, nearest, normal, read
from engine.tables.household import plain_cells
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Case", "Result", "household_of", "read_cases", "run_case", "run_cases", "starting_from"]


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
    elif tree is not None:
        problems += (without_keys(tree),)
    if problems or not isinstance(tree, Branch):
        raise PolicyError(problems)
    start = tree.branch("starting_from")
    return tuple(_case(name, entry, start) for name, entry in tree.branch("cases").entries.items())


def starting_from(folder: Path) -> dict[str, object]:
    """The facts that every case of the policy in `folder` begins with, as cells.

    Raises: PolicyError with every problem of the file.
    """
    entries = _read_cases(folder).branch("starting_from").entries
    return {name: plain_cells(entry.value) for name, entry in entries.items()}


def _read_cases(folder: Path) -> Branch:
    path = folder / "cases.yaml"
    if not path.exists():
        return Branch({}, Place(str(path)))
    tree, problems = read(path)
    if isinstance(tree, Branch):
        problems += schema.problems("cases", tree)
    if problems or not isinstance(tree, Branch):
        raise PolicyError(problems)
    return tree


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
    policies: dict[str, Policy] = {"": load_cached(folder)}
    results = []
    for case in read_cases(folder):
        if case.question not in policies:
            policies[case.question] = load_cached(folder, (case.question,))
        results.append(run_case(policies[case.question], case))
    return tuple(results)


def run_case(policy: Policy, case: Case) -> Result:
    """The `case` decided under `policy` and held against what it expects, exactly."""
    try:
        core = household_of(policy, case)
        names = dict(decided(policy, core).names)
    except HouseholdError as error:
        return _refused(case, error)
    if case.refused:
        wrong = say("The case “{case}” is decided, and was to be refused.", case=case.name)
        return Result(case, (Problem(case.place, wrong, say("Expected: {reason}.", reason=case.refused)),))
    differences = _differences(policy, case, names)
    step = _first_step(policy, core, [name for name, _ in differences])
    return Result(case, tuple(problem for _, problem in differences), step)


def household_of(policy: Policy, case: Case) -> Household:
    """The core facts of the household of `case`.

    Raises: HouseholdError where a fact is missing or bad.
    """
    facts = {name: plain_cells(entry.value) for name, entry in case.facts.entries.items()}
    return Intake(policy, _first_day(policy)).household(facts, case.place.file)


def _first_day(policy: Policy) -> datetime.date:
    """The day that a case without a date is read on: the first of the policy, so that no case depends on today."""
    return policy.since


def _refused(case: Case, error: HouseholdError) -> Result:
    """What comes of a case that cannot be decided: as it should be, or the reasons, each at the fact that it speaks of."""
    if case.refused and any(case.refused in _reasons(error, language) for language in LANGUAGES):
        return Result(case, ())
    wrong = say("The case “{case}” cannot be decided.", case=case.name)
    facts = case.facts.entries
    reasons = (
        replace(problem, place=facts[problem.place.label].value.place if problem.place.label in facts else case.place)
        for problem in error.problems
    )
    return Result(case, (Problem(case.place, wrong), *reasons))


def _reasons(error: HouseholdError, language: str) -> str:
    return " ".join(problem.text(language) for problem in error.problems)


def _differences(policy: Policy, case: Case, names: dict[str, Value]) -> list[tuple[str, Problem]]:
    found = []
    for name, entry in case.expect.entries.items():
        if name not in names:
            close = nearest(name, [output.heading for output in policy.outputs] + [rule.name for rule in policy.rules])
            remedy = (
                say("Did you mean “{close}”?", close=close) if close else say("Name a column of the result or a rule.")
            )
            found.append((name, Problem(entry.key.place, say("Nothing is called “{name}”.", name=name), None, remedy)))
        elif isinstance(entry.value, Leaf):
            found += [(name, problem) for problem in _difference(policy, case, name, entry.value, names)]
    return found


def _difference(policy: Policy, case: Case, name: str, leaf: Leaf, names: dict[str, Value]) -> tuple[Problem, ...]:
    """The problem that the value of `name` is not the one expected, or that nobody can calculate that one."""
    try:
        expected = _otherwise(policy, leaf, names, names[name])
    except Refusal as refusal:
        wrong = say("The case “{case}” expects for “{name}” what is no number.", case=case.name, name=name)
        return (Problem(leaf.place, wrong, refusal.wrong, _ARITHMETIC),)
    except PolicyError as error:
        return error.problems
    if expected is None:
        return ()
    wrong = say("The case “{case}” expects {name} = {expected}.", case=case.name, name=name, expected=expected)
    return (Problem(leaf.place, wrong, say("It comes to {got}.", got=shown(policy, names[name]) or "“”")),)


def _otherwise(policy: Policy, leaf: Leaf, names: dict[str, Value], value: Value) -> str | None:
    """What was expected, where `value` is something else; None where it is met.

    Raises: Refusal where a number is needed and `leaf` calculates none; PolicyError where it cannot be read at all.
    """
    if isinstance(value, str):
        return None if value == leaf.text else f"“{leaf.text}”"
    if isinstance(value, bool):
        text = normal(leaf.text).lower()
        expected = text in policy.words.yes
        known = expected or text in policy.words.no
        return None if known and expected == value else leaf.text
    if isinstance(value, datetime.date):
        return None if value.isoformat() == leaf.text else leaf.text
    wanted = _calculated(policy, leaf, names)
    value_text = shown(policy, wanted)
    if wanted == value:
        return None
    return leaf.text if leaf.text == value_text else f"{leaf.text} = {value_text}"


_ARITHMETIC = say("Write a number, or a calculation with numbers such as 12 * 747 or min(a, b).")
_CALCULATES = ("min", "max", "abs", *ROUNDINGS)


def _calculated(policy: Policy, leaf: Leaf, names: dict[str, Value]) -> Value:
    """The number that `leaf` calculates from numbers and from numbers of the decision. Raises as `_otherwise`."""
    expression = parse(leaf)
    if not isinstance(expression, Expression):
        raise PolicyError(expression)
    for node in ast.walk(expression.tree):
        is_word = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALCULATES
        is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        is_other = isinstance(node, (ast.Compare, ast.BoolOp, ast.IfExp)) or is_not
        if is_other or (isinstance(node, ast.Call) and not is_word):
            raise Refusal(say("“{part}” cannot be calculated here.", part=ast.unparse(node)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            raise Refusal(say("“{part}” is no number.", part=node.value))
    for name in names_in(expression.tree):
        value = names.get(name.id)
        if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
            raise Refusal(say("“{part}” is no number.", part=name.id))
    return Reader(_Careful(policy.tables), names).read(expression)


class _Careful(Exact):
    """Exact, over expressions that no check has seen: dividing by 0 is refused."""

    def divide(self, left: Value, right: Value) -> Value:
        if right == 0:
            raise Refusal(say("It divides by 0."))
        return super().divide(left, right)

    def rounded(self, rounding: str, value: Value, step: Value) -> Value:
        if not isinstance(step, (int, Fraction)) or step <= 0:
            raise Refusal(say("The step of its rounding is not above 0."))
        return super().rounded(rounding, value, step)


def _first_step(policy: Policy, household: Household, differing: list[str]) -> str:
    """The step, in the order in which the policy is read, that is the first to differ."""
    first = next((rule.name for rule in policy.rules if rule.name in differing), None)
    if first is None:
        return ""
    return step_line(policy, traced(policy, household, Trace(policy.tables)), first)
