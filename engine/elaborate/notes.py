"""What a result says besides its numbers: the clauses that decided, and notes. Each is a truth rule with a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engine.elaborate.draft import Draft, saying_of
from engine.expression import COMPARISONS, is_gathering
from engine.policy import Aid, Category, Fact, Remark
from engine.source import Branch, Leaf

__all__ = ["write_clauses", "write_fact_notes", "write_notes", "write_refusals"]

_INCLUDES = {"<": "excludes", ">": "excludes", "<=": "includes", ">=": "includes"}


def _remark(draft: Draft, text: str, when: str, part: str, *shows: str) -> None:
    draft.remarks.append(Remark(text, when, part, shows))


def _whenever(draft: Draft, name: str, condition: str, leaf: Leaf) -> str:
    """The truth rule `name` for `condition`; the condition itself where it is a name already."""
    return condition if condition.isidentifier() else draft.write(name, condition, leaf)


def write_clauses(draft: Draft, tree: Branch) -> None:
    """The clause of everything that took part in the decision, in the order in which it is decided."""
    words = draft.words
    choose = saying_of(tree.branch("choose")).clause
    for category in draft.categories:
        if category.saying.clause:
            _remark(draft, category.saying.clause, category.picked, "clause")
    for category in draft.categories:
        if category.saying.clause:
            _remark(draft, category.saying.clause, words["none_holds"], "clause")
    tests = [category.test for category in draft.categories]
    if choose and len(tests) > 1:
        pairs = [f"{one} and {two}" for index, one in enumerate(tests) for two in tests[index + 1 :]]
        leaf = Leaf("", draft.categories[0].place)
        _remark(
            draft,
            choose,
            draft.write(draft.name(words["clauses"], words["also_holds"]), " or ".join(pairs), leaf),
            "clause",
        )
    for category in draft.categories:
        for aid in category.aids:
            if aid.saying.clause:
                leaf = Leaf("", aid.place)
                name = draft.name(category.name, aid.name, words["clauses"])
                _remark(
                    draft,
                    aid.saying.clause,
                    draft.write(name, f"{category.picked} and {aid.amount} > 0", leaf),
                    "clause",
                )
    _write_gate_clauses(draft)


def _write_gate_clauses(draft: Draft) -> None:
    words = draft.words
    for _, rule_name in draft.exclusions:
        found = draft.rules.get(rule_name)
        if found is not None and found.saying.clause:
            _remark(draft, found.saying.clause, rule_name, "clause")
    for name, rule in list(draft.rules.items()):
        if name.startswith(words["approval"] + "·") and rule.saying.clause:
            _remark(draft, rule.saying.clause, name, "clause")
    open_ = f"not {words['none_holds']}"
    for name, rule_name in draft.gates:
        found = draft.rules.get(rule_name)
        if found is not None and found.saying.clause:
            stopped = draft.write(
                draft.name(words["clauses"], name), f"{open_} and not {rule_name}", Leaf("", found.place)
            )
            _remark(draft, found.saying.clause, stopped, "clause")
        open_ += f" and {rule_name}"


def write_fact_notes(draft: Draft) -> None:
    """Every value that was taken because the household did not say it, and a date outside the policy's days."""
    words = draft.words
    for fact in draft.facts.values():
        leaf = Leaf("", fact.place)
        given = draft.name(fact.name, words["given"])
        if fact.absence is not None:
            absent = draft.write(draft.name(fact.name, words["absent"]), f"not {given}", leaf)
            _remark(draft, fact.name, absent, _absence_part(fact), fact.name)
        if fact.is_reference:
            inside = draft.name(fact.name, words["in_force"])
            name = draft.name(inside, words["notes"])
            _remark(
                draft,
                words["note_out_of_force"].format(fact=fact.name),
                draft.write(name, f"not {inside}", leaf),
                "note",
            )


def _absence_part(fact: Fact) -> str:
    assert fact.absence is not None
    if fact.absence.is_looked_up:
        return "looked up"
    return "today" if fact.kind == "date" else "absent"


def write_notes(draft: Draft, tree: Branch) -> None:
    """The notes on lines that were met exactly, choices, aids held back, other categories, and the policy's own notes."""
    for category in draft.categories:
        condition = draft.name(category.name, draft.words["condition"])
        _write_on_the_line(draft, category.name, condition if condition in draft.rules else category.test)
    for name in list(draft.rules):
        if name.startswith(draft.words["approval"] + "·"):
            _write_on_the_line(draft, name, name)
    for category in draft.categories:
        _write_also_holds(draft, category)
        for aid in category.aids:
            _write_choice_notes(draft, category, aid)
    _write_unused(draft)
    for entry in tree.branch("notes").entries.values():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            when, say_leaf = entry.value.leaf("when"), entry.value.leaf("say")
            name = draft.adopt(
                draft.name(draft.words["notes"], entry.key.text), when, saying_of(entry.value), is_written=False
            )
            _remark(draft, say_leaf.text if say_leaf else entry.key.text, name, "note")


def write_refusals(draft: Draft, tree: Branch) -> None:
    """The policy's own refusals: a household of which one holds cannot be decided, and its row is set aside."""
    for entry in tree.branch("refusals").entries.values():
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None:
            name = draft.name(draft.words["refusal"], entry.key.text)
            rule = draft.adopt(name, entry.value.leaf("when"), saying_of(entry.value), is_written=False)
            say_leaf = entry.value.leaf("say")
            draft.refusals.append(Remark(say_leaf.text if say_leaf else entry.key.text, rule, "refusal"))


def _write_on_the_line(draft: Draft, prefix: str, rule_name: str) -> None:
    """A note for each comparison of numbers in the rule: the household stands exactly on that line."""
    rule = draft.rules.get(rule_name)
    if rule is None:
        return
    words = draft.words
    for index, (left, operator, right) in enumerate(_lines(rule.expression.tree)):
        includes = words[_INCLUDES[operator]]
        text = words["note_on_the_line"].format(left=left, right=right, operator=operator, includes=includes)
        name = draft.name(prefix, f"{words['on_the_line']}{index + 1 if index else ''}")
        _remark(draft, text, draft.write(name, f"({left}) == ({right})", rule.expression.leaf), "note")


def _lines(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Both sides of each comparison by order of the household's own numbers, not of what is gathered over persons."""
    if isinstance(tree, ast.Call) and is_gathering(tree):
        return
    if isinstance(tree, ast.Compare):
        sides = [tree.left, *tree.comparators]
        for left, operator, right in zip(sides, tree.ops, sides[1:], strict=False):
            if COMPARISONS.get(type(operator)) in _INCLUDES:
                yield ast.unparse(left), COMPARISONS[type(operator)], ast.unparse(right)
    for child in ast.iter_child_nodes(tree):
        yield from _lines(child)


def _write_also_holds(draft: Draft, category: Category) -> None:
    words = draft.words
    name = draft.name(category.name, words["also_holds"])
    leaf = Leaf("", category.place)
    when = draft.write(name, f"{category.test} and not {category.picked}", leaf)
    _remark(draft, words["note_also_holds"].format(category=category.name), when, "note")


def _write_choice_notes(draft: Draft, category: Category, aid: Aid) -> None:
    words, leaf = draft.words, Leaf("", aid.place)
    prefix = draft.name(category.name, aid.name)
    if aid.chosen:
        used = f"{category.picked} and given({aid.chosen})" + (f" and {aid.picked}" if aid.picked else "")
        above = draft.write(draft.name(prefix, words["above_range"]), f"{used} and {aid.chosen} > {aid.ceiling}", leaf)
        _remark(draft, words["note_above_range"].format(chosen=aid.chosen), above, "note")
        below_text = f"{used} and {aid.chosen} > 0 and {aid.chosen} < {aid.floor}"
        below = draft.write(draft.name(prefix, words["below_range"]), below_text, leaf)
        _remark(draft, words["note_below_range"].format(chosen=aid.chosen), below, "note")
    if aid.recheck:
        text = f"{category.picked} and {aid.candidate} > 0 and not {aid.recheck}"
        held = draft.write(draft.name(prefix, words["held_back"]), text, leaf)
        _remark(draft, words["note_held_back"].format(aid=aid.name, category=category.name), held, "note")


def _write_unused(draft: Draft) -> None:
    """A recorded choice that belongs to no aid of the category found."""
    words = draft.words
    users: dict[str, list[str]] = {}
    places: dict[str, Leaf] = {}
    for category in draft.categories:
        for aid in category.aids:
            if aid.chosen:
                users.setdefault(aid.chosen, []).append(category.picked)
                places.setdefault(aid.chosen, Leaf("", aid.place))
    for chosen, picked in users.items():
        name = draft.name(chosen, words["not_used"])
        text = f"given({chosen}) and {chosen} > 0 and not ({' or '.join(picked)})"
        _remark(draft, words["note_not_used"].format(chosen=chosen), draft.write(name, text, places[chosen]), "note")
