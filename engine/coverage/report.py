"""What cases reach, as text and JSON: exact counts, and each thing that no case reaches with its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.coverage.goals import Goal
from engine.expression import Expression, rewritten
from engine.messages import Message, say
from engine.policy import Policy, Rule
from engine.source import Place

__all__ = ["Coverage", "Missed", "Section", "Tally", "missed_goal", "missed_rule"]


@dataclass(frozen=True)
class Tally:
    """How many of all there are are reached; of the others, how many are shown to be out of reach of every household."""

    kind: str
    reached: int
    all: int
    impossible: int = 0


@dataclass(frozen=True)
class Missed:
    """One thing that no case reaches: in which rule, at which part of it, what of it, and what household would reach it.

    `is_impossible` says that no household is shown to do so; where it is not shown, there may be none all the same.
    """

    kind: str
    rule: str
    part: str
    wanted: str
    place: Place | None
    clause: str
    household: Message
    is_impossible: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the policy: how much of it is reached, and what is not."""

    name: str
    tallies: tuple[Tally, ...]
    missed: tuple[Missed, ...]


@dataclass(frozen=True)
class Coverage:
    """What the cases of a policy reach: of the decision, and apart from it of what only notes and other readings read."""

    policy: Policy
    folder: str
    cases: int
    other_readings: int
    sections: tuple[Section, ...]
    """The decision, its clauses, the questions, what only notes read, and last what other readings write beside it."""

    def text(self, language: str = "en") -> str:
        """The counts of every section, then each thing that is not reached, in `language`; of other readings the counts only."""
        return "\n".join(_lines(self, language)) + "\n"

    def content(self) -> dict[str, object]:
        """The same as plain values for JSON; a place is a file, a line and a column."""
        return {
            "policy": self.policy.label,
            "fingerprint": self.policy.fingerprint,
            "folder": self.folder,
            "cases": self.cases,
            "cases_of_other_readings": self.other_readings,
            "sections": [_content(section) for section in self.sections],
        }


_TITLES: Mapping[str, Message] = MappingProxyType(
    {
        "decision": say("the decision"),
        "clauses": say("the clauses that decisions name"),
        "questions": say("the other reading of open questions"),
        "notes": say("what only notes read"),
        "other": say("what notes read of other readings"),
    }
)
_KINDS: Mapping[str, Message] = MappingProxyType(
    {
        "rules": say("rules"),
        "branches": say("branches"),
        "bounds": say("bounds"),
        "clauses": say("clauses"),
        "questions": say("questions"),
    }
)


def _lines(coverage: Coverage, language: str) -> Iterator[str]:
    yield say(
        "{folder}: what {cases} cases reach ({others} more are of other readings)",
        folder=coverage.folder,
        cases=coverage.cases,
        others=coverage.other_readings,
    ).text(language)
    for section in coverage.sections:
        counts = "  ".join(_counted(tally, language) for tally in section.tallies)
        yield f"  {_TITLES[section.name].text(language)}: {counts}"
    for section in coverage.sections:
        if section.name not in _COUNTED:
            yield from _listed(say("Not reached: {section}", section=_TITLES[section.name]), section, False, language)
    for section in coverage.sections:
        if section.name not in _COUNTED:
            title = say("Out of reach of every household: {section}", section=_TITLES[section.name])
            yield from _listed(title, section, True, language)


def _counted(tally: Tally, language: str) -> str:
    counted = f"{_KINDS[tally.kind].text(language)} {tally.reached}/{tally.all}"
    if not tally.impossible:
        return counted
    return counted + say(" ({count} out of reach)", count=tally.impossible).text(language)


def _listed(title: Message, section: Section, is_impossible: bool, language: str) -> Iterator[str]:
    found = [missed for missed in section.missed if missed.is_impossible is is_impossible]
    if found:
        yield ""
        yield title.text(language)
    yield from (f"  {_missed(missed, language)}" for missed in found)


_COUNTED = ("other",)
"""The sections whose parts are only counted in the text: the policy's own rules written out once more for each question."""


def _missed(missed: Missed, language: str) -> str:
    where = "" if missed.place is None else f"{missed.place}: "
    clause = say(" (clause {clause})", clause=missed.clause).text(language) if missed.clause else ""
    name = missed.rule or missed.part
    return f"{where}{name}{clause}: {missed.household.text(language)}"


def _content(section: Section) -> dict[str, object]:
    return {
        "name": section.name,
        "reached": {
            tally.kind: {"reached": tally.reached, "all": tally.all, "out_of_reach": tally.impossible}
            for tally in section.tallies
        },
        "missed": [
            {
                "kind": missed.kind,
                "rule": missed.rule or None,
                "part": missed.part,
                "wanted": missed.wanted or None,
                "place": None if missed.place is None else str(missed.place),
                "clause": missed.clause or None,
                "household": missed.household.text(),
                "out_of_reach": missed.is_impossible,
            }
            for missed in section.missed
        ],
    }


def missed_rule(rule: Rule) -> Missed:
    """The rule on which no decision rests."""
    household = say("A household whose decision rests on it.")
    return Missed("rules", rule.name, rule.expression.canonical, "", rule.place, rule.saying.clause, household)


def missed_goal(policy: Policy, rule: Rule, goal: Goal, *, is_impossible: bool) -> Missed:
    """A goal that no household reaches, told with the part of the expression as the officer would write it."""
    said = _Said(policy, rule.expression)
    place = rule.expression.place_of(goal.node)
    part = said.text(goal.node)
    household = _household(said, goal)
    return Missed(goal.kind, rule.name, part, goal.wanted, place, rule.saying.clause, household, is_impossible)


def _household(said: _Said, goal: Goal) -> Message:
    node = goal.node
    if goal.kind == "bounds":
        assert isinstance(node, ast.Compare)
        sides = [node.left, *node.comparators]
        left, right = (said.text(side) for side in sides[goal.operand : goal.operand + 2])
        if goal.wanted == "on":
            return say("A household with {left} exactly {right}.", left=left, right=right)
        if goal.wanted == "below":
            return say("A household with {left} below {right}.", left=left, right=right)
        return say("A household with {left} above {right}.", left=left, right=right)
    if goal.wanted == "alone":
        assert isinstance(node, ast.BoolOp)
        operand = said.text(node.values[goal.operand])
        if isinstance(node.op, ast.And):
            return say("A household for which “{part}” fails, and all else that “and” joins to it holds.", part=operand)
        return say("A household for which “{part}” holds, and nothing else that “or” joins to it does.", part=operand)
    if goal.wanted == "chosen":
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        operand = said.text(node.args[goal.operand])
        if node.func.id == "min":
            return say("A household with {part} below all else that stands in this “min”.", part=operand)
        return say("A household with {part} above all else that stands in this “max”.", part=operand)
    if goal.wanted == "holds":
        return say("A household for which “{part}” holds.", part=said.text(node))
    return say("A household for which “{part}” fails.", part=said.text(node))


class _Said:
    """Parts of an expression as the officer writes them: `given(x)` and `valid(x)` for the names that the core has for them."""

    def __init__(self, policy: Policy, expression: Expression) -> None:
        self.expression = expression
        facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
        self.known = {f"{fact.name}·{policy.words[word]}": (word, fact.name) for fact in facts for word in _ASKED}

    def text(self, node: ast.expr) -> str:
        """`node` in one layout."""
        return rewritten(Expression(self.expression.text, node, self.expression.leaf), self._asked).canonical

    def _asked(self, node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name) and node.id in self.known:
            word, fact = self.known[node.id]
            return ast.Call(ast.Name(word, ast.Load()), [ast.Name(fact, ast.Load())], [])
        return None


_ASKED = ("given", "valid")
