"""Questions that the text leaves open: the other reading is an overlay, and `other(x)` is what `x` comes to under it.

Where a question says when it matters, the rules of the other reading on which that depends are written out beside the
policy's own, under names of their own; rules that are the same in both readings are shared.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from engine.elaborate.draft import Draft, saying_of
from engine.expression import Expression, calls, names_in, renamed, rewritten
from engine.messages import say
from engine.overlay import laid
from engine.policy import Question, Remark, Rule
from engine.source import Branch, Entry, Problem

__all__ = ["overlaid", "write_questions"]


def overlaid(tree: Branch, name: str) -> Branch | None:
    """`tree` under the other reading of the question `name`; None where there is no such question."""
    question = tree.branch("questions").get(name)
    if not isinstance(question, Branch):
        return None
    return laid(tree, question.branch("overlay"))


def write_questions(
    draft: Draft, tree: Branch, taken: tuple[str, ...], elaborated: Callable[[Branch], Draft]
) -> list[Question]:
    """Write when each question matters; `elaborated` writes out the tree of another reading."""
    found = []
    for name, entry in tree.branch("questions").entries.items():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            found.append(_write_question(draft, tree, name, entry, taken, elaborated))
    return found


def _write_question(
    draft: Draft,
    tree: Branch,
    name: str,
    entry: Entry,
    taken: tuple[str, ...],
    elaborated: Callable[[Branch], Draft],
) -> Question:
    branch = entry.value
    assert isinstance(branch, Branch)
    text, reading, other = (leaf.text if (leaf := branch.leaf(word)) else "" for word in ("text", "reading", "other"))
    matters = ""
    leaf = branch.leaf("matters_when")
    if leaf is not None and name not in taken:
        matters = draft.name(draft.words["matters"], name)
        expression = draft.parsed(leaf)
        if expression is not None:
            _write_matters(draft, tree, name, matters, expression, elaborated)
        words = draft.words["note_question"].format(reading=reading, other=other, name=name)
        draft.remarks.append(Remark(words, matters, "note"))
    return Question(name, text, reading, other, saying_of(branch), matters, entry.key.place)


def _write_matters(
    draft: Draft,
    tree: Branch,
    question: str,
    matters: str,
    expression: Expression,
    elaborated: Callable[[Branch], Draft],
) -> None:
    if any(True for _ in calls(expression.tree, "other")):
        merged = overlaid(tree, question)
        assert merged is not None
        names = _Other(draft, elaborated(merged), question)

        def replace(node: ast.expr) -> ast.expr | None:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "other":
                argument = node.args[0]
                assert isinstance(argument, ast.Name)
                return ast.Name(names.shared(argument.id, expression, argument), ast.Load())
            return None

        expression = rewritten(expression, replace)
    draft.add(Rule(matters, draft.settled(expression), is_written=False))


class _Other:
    """Names of the other reading: shared where both readings agree, written out under a name of their own where not."""

    def __init__(self, draft: Draft, other: Draft, question: str) -> None:
        self.draft = draft
        self.other = other
        self.suffix = draft.name(draft.words["other"], question)
        self.known: dict[str, str] = {}
        self.unseen: list[str] = []
        """The facts met whose absence means something else in the other reading: intake knows one reading only."""

    def shared(self, name: str, expression: Expression, node: ast.AST) -> str:
        """The name under which the core holds `name` as the other reading has it."""
        if name in self.other.broken:
            return name
        if name not in self.other.rules and name not in self.other.figures and name not in self.other.facts:
            available = [*self.other.rules, *self.other.figures, *self.other.facts]
            self.draft.unknown(name, expression.place_of(node), say("rule or figure"), available)
            return name
        found = self._name(name)
        while self.unseen:
            fact = self.unseen.pop()
            wrong = say("“other” cannot see what the absence of “{fact}” means in the other reading.", fact=fact)
            expected = say("What absence means is settled before the rules.")
            remedy = say("Say with given({fact}) when the question matters.", fact=fact)
            self.draft.problems.append(Problem(expression.place_of(node), wrong, expected, remedy))
        return found

    def _name(self, name: str) -> str:
        if name not in self.known:
            self.known[name] = name
            self.known[name] = self._written(name)
        return self.known[name]

    def _written(self, name: str) -> str:
        fresh = self.draft.name(name, self.suffix)
        figure = self.other.figures.get(name)
        if figure is not None:
            own_figure = self.draft.figures.get(name)
            if own_figure is not None and figure.value == own_figure.value:
                return name
            self.draft.figures[fresh] = replace(figure, name=fresh)
            return fresh
        rule = self.other.rules.get(name)
        if rule is None:
            self._see(name)
            return name
        renames = {node.id: self._name(node.id) for node in names_in(rule.expression.tree)}
        for call in calls(rule.expression.tree, "lookup"):
            assert isinstance(call.args[0], ast.Name)
            renames[call.args[0].id] = self._table(call.args[0].id)
        renames = {old: new for old, new in renames.items() if old != new}
        own = self.draft.rules.get(name)
        if not renames and own is not None and own.expression == rule.expression:
            return name
        return self.draft.add(Rule(fresh, renamed(rule.expression, renames), rule.saying, rule.unit, is_written=False))

    def _table(self, name: str) -> str:
        """The name of the table `name` as the other reading has it."""
        table, own = self.other.tables.get(name), self.draft.tables.get(name)
        if table is None or table == own:
            return name
        fresh = self.draft.name(name, self.suffix)
        self.draft.tables[fresh] = replace(table, name=fresh)
        return fresh

    def _see(self, name: str) -> None:
        fact, own = self.other.any_fact(name), self.draft.any_fact(name)
        if fact is not None and own is not None and fact.absence != own.absence:
            self.unseen.append(name)
