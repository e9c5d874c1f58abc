"""Which outputs of a policy a difference can reach: the policy with and without it, and all that reads what differs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from engine.elaborate import elaborate
from engine.expression import Expression, nodes_in
from engine.normal_form import normal_form
from engine.policy import Absence, Fact, Policy, Remark, Saying
from engine.source import Branch

__all__ = ["Core", "core_of", "followed", "reached"]


@dataclass(frozen=True)
class Core:
    """What a policy comes to: the meaning of each name, who reads it, and its columns and remarks."""

    policy: Policy
    meanings: Mapping[str, object]
    reads: Mapping[str, frozenset[str]]


def core_of(tree: Branch, *, questions: bool = False) -> Core | None:
    """The core of the merged `tree`, with or without its questions; None where it cannot be told.

    A rule that has a problem is missing in it, as where the figure that it reads was taken away.
    """
    kept = {name: entry for name, entry in tree.entries.items() if questions or name != "questions"}
    policy = elaborate(Branch(kept, tree.place), "")[0]
    return None if policy is None else Core(policy, _meanings(policy), _reads(policy))


def _meanings(policy: Policy) -> dict[str, object]:
    found: dict[str, object] = {figure.name: (figure.value, figure.unit) for figure in policy.figures}
    for table in policy.tables:
        rows = tuple(replace(row, published=None) for row in table.rows)
        found[table.name] = replace(table, saying=Saying(), rows=rows)
    for fact, names in _facts(policy):
        found |= dict.fromkeys(names, (replace(fact, meaning="", also_named=(), absence=None), _absence(fact.absence)))
        if fact.is_reference:
            found[f"{fact.name}·{policy.words['in_force']}"] = (policy.since, policy.until)
    for rule in policy.rules:
        found[rule.name] = (normal_form(rule.expression.tree), rule.unit, rule.of)
    return found


def _absence(absence: Absence | None) -> object:
    return None if absence is None else (normal_form(absence.value.tree), absence.is_looked_up)


def _facts(policy: Policy) -> Iterable[tuple[Fact, tuple[str, ...]]]:
    yield from ((fact, fact.core_names(policy.words)) for fact in policy.facts)
    for group in policy.groups:
        yield from ((fact, (*fact.core_names(policy.words), group.name)) for fact in group.facts)


def _reads(policy: Policy) -> dict[str, frozenset[str]]:
    """For each name those that it reads."""
    found = {rule.name: _names(rule.expression) for rule in policy.rules}
    for fact, names in _facts(policy):
        read = frozenset() if fact.absence is None else _names(fact.absence.value)
        found |= {name: found.get(name, frozenset()) | read for name in names}
    return found


def _names(expression: Expression) -> frozenset[str]:
    """Every name in `expression`, that of a table too."""
    return frozenset(node.id for node in nodes_in(expression.tree) if isinstance(node, ast.Name))


def reached(whole: Core, core: Core, other: Core) -> tuple[str, ...] | None:
    """The headings of what the difference between `core` and `other` can reach in `whole`; None where there is none at all.

    `whole` is the policy of `core` with its questions, whose notes are reached as well.
    """
    if replace(core.policy, fingerprint="") == replace(other.policy, fingerprint=""):
        return None
    names = {*core.meanings, *other.meanings}
    moved = {name for name in names if core.meanings.get(name) != other.meanings.get(name)}
    moved = _readers(moved, (whole.reads, other.reads))
    outputs = {*core.policy.outputs} ^ {*other.policy.outputs}
    outputs |= {output for output in whole.policy.outputs if output.name in moved}
    headings = [output.heading for output in (*whole.policy.outputs, *other.policy.outputs) if output in outputs]
    return tuple(dict.fromkeys([*headings, *_remarks(whole, core, other, moved)]))


def _readers(names: set[str], graphs: tuple[Mapping[str, frozenset[str]], ...]) -> set[str]:
    """`names` and all that reads them, directly or through others."""
    readers: dict[str, set[str]] = {}
    for graph in graphs:
        for name, read in graph.items():
            for one in read:
                readers.setdefault(one, set()).add(name)
    return followed(names, readers)


def followed(names: Iterable[str], leads_to: Mapping[str, Set[str]]) -> set[str]:
    """`names` and all that they lead to, directly or through others."""
    found = set(names)
    left = list(found)
    while left:
        fresh = leads_to.get(left.pop(), set()) - found
        found |= fresh
        left += fresh
    return found


def _remarks(whole: Core, core: Core, other: Core, moved: set[str]) -> Iterable[str]:
    words = whole.policy.words
    changed = {*core.policy.remarks} ^ {*other.policy.remarks}
    found = [remark for remark in (*whole.policy.remarks, *changed) if remark in changed or _is_moved(remark, moved)]
    yield from (words["clauses"] for remark in found if remark.part == "clause")
    yield from (words["notes"] for remark in found if remark.part != "clause")
    refused = {*core.policy.refusals} ^ {*other.policy.refusals}
    if refused or any(_is_moved(remark, moved) for remark in whole.policy.refusals):
        yield words["refusals"]


def _is_moved(remark: Remark, moved: set[str]) -> bool:
    return remark.when in moved or any(name in moved for name in remark.shows)
