"""What a result says besides its numbers: the clauses that decided, and notes. Each is a truth rule with a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.elaborate.choice import payment_of
from engine.elaborate.draft import JOINT, Draft, saying_of
from engine.expression import COMPARISONS, is_gathering
from engine.policy import FAULTS, Aid, Category, Fact, Remark
from engine.source import Branch, Leaf

__all__ = ["write_clauses", "write_fact_notes", "write_notes", "write_refusals"]

_INCLUDES = {"<": "excludes", ">": "excludes", "<=": "includes", ">=": "includes"}
_SIGNS = {"<": "sign_less", ">": "sign_more", "<=": "sign_at_most", ">=": "sign_at_least"}


def _remark(draft: Draft, text: str, when: str, part: str) -> None:
    draft.remarks.append(Remark(text, when, part))


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
        several = saying_of(tree.branch("categories").branch(category.name).branch("several")).clause
        _write_category_clauses(draft, category, several)
    _write_gate_clauses(draft)


def _write_category_clauses(draft: Draft, category: Category, several: str) -> None:
    """The clauses of its gates, of its aids and of how they combine: one rule for each clause.

    An aid's clause decided where the aid is given, and where nothing is: then its ceiling left nothing.
    """
    found: dict[str, list[str]] = {}

    def decided(clause: str, condition: str) -> None:
        found.setdefault(clause, []).append(condition)

    for _, rule in category.gates:
        decided(_clause_of(draft, rule), f"not {rule}")
    for aid in category.aids:
        for _, rule in aid.gates:
            decided(_clause_of(draft, rule), f"{aid.candidate} > 0 and not {rule}")
        decided(aid.saying.clause, f"{aid.amount} > 0")
        decided(aid.saying.clause, f"{category.total} == 0")
    if len(category.aids) > 1:
        decided(several, " + ".join(f"(1 if {aid.candidate} > 0 else 0)" for aid in category.aids) + " > 1")
    found.pop("", None)
    leaf = Leaf("", category.place)
    for number, (clause, conditions) in enumerate(found.items(), 1):
        name = draft.name(category.name, f"{draft.words['clauses']}{number if number > 1 else ''}")
        text = " or ".join(f"({condition})" for condition in dict.fromkeys(conditions))
        _remark(draft, clause, draft.write(name, f"{category.picked} and ({text})", leaf), "clause")


def _clause_of(draft: Draft, name: str) -> str:
    rule = draft.rules.get(name)
    return "" if rule is None else rule.saying.clause


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
    """Every value that was taken because the household did not say it, what a text is not valid for, and a date outside
    the policy's days."""
    words = draft.words
    for fact in draft.facts.values():
        leaf = Leaf("", fact.place)
        given = draft.name(fact.name, words["given"])
        if fact.absence is not None:
            absent = draft.write(draft.name(fact.name, words["absent"]), f"not {given}", leaf)
            is_money = fact.kind == "money"
            draft.remarks.append(Remark(fact.name, absent, _absence_part(fact), (fact.name,), is_money))
        if fact.form:
            for fault in FAULTS[fact.form]:
                found = draft.write(
                    draft.name(fact.name, words[fault], words["notes"]), draft.name(fact.name, words[fault]), leaf
                )
                _remark(draft, words[f"note_{fault}"].format(fact=fact.name), found, "note")
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
        for aid in category.aids:
            if aid.recheck not in ("", category.test):
                _write_on_the_line(draft, aid.recheck, aid.recheck, f"{category.picked} and {aid.candidate} > 0")
    for name in list(draft.rules):
        if name.startswith(draft.words["approval"] + "·"):
            _write_on_the_line(draft, name, name)
    for category in draft.categories:
        _write_also_holds(draft, category)
        for aid in category.aids:
            _write_choice_notes(draft, category, aid)
    _write_unused(draft)
    _write_rounding(draft, payment_of(draft, tree).rounding)
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


@dataclass(frozen=True)
class _Line:
    """A comparison by order, and what must hold so that it decides; `conditions` of each person where it is `gathered`."""

    left: ast.expr
    operator: str
    right: ast.expr
    conditions: tuple[str, ...]
    is_gathered: bool
    around: tuple[str, ...] = ()
    """What must hold around the gathering."""

    @property
    def text(self) -> str:
        """The truth that the two sides are equal, and that it matters."""
        equal = f"({ast.unparse(self.left)}) == ({ast.unparse(self.right)})"
        text = " and ".join([equal, *self.conditions])
        return " and ".join([f"any({text})", *self.around]) if self.is_gathered else text


def _write_on_the_line(draft: Draft, prefix: str, rule_name: str, when: str = "") -> None:
    """A note for each comparison of numbers in the rule: the household stands exactly on that line, and the line decides."""
    rule = draft.rules.get(rule_name)
    if rule is None:
        return
    words = draft.words
    for index, line in enumerate(_lines(rule.expression.tree)):
        text = words["note_on_the_line_of_one" if line.is_gathered else "note_on_the_line"].format(
            left=_in_words(draft, line.left),
            right=_in_words(draft, line.right),
            operator=words[_SIGNS[line.operator]],
            includes=words[_INCLUDES[line.operator]],
        )
        text = text.replace(draft.name(prefix.split(JOINT)[0], ""), "")
        name = draft.name(prefix, f"{words['on_the_line']}{index + 1 if index else ''}")
        condition = f"{line.text} and {when}" if when else line.text
        _remark(draft, text, draft.write(name, condition, rule.expression.leaf), "note")


def _in_words(draft: Draft, tree: ast.AST) -> str:
    """A side of a comparison with the signs that people write."""
    signs = {"*": "sign_times", "/": "sign_divide", "-": "sign_minus"}
    text = ast.unparse(tree)
    return re.sub(
        r"""'[^']*'|"[^"]*"| [*/-] """,
        lambda found: f" {draft.words[signs[found[0][1]]]} " if found[0][0] == " " else found[0],
        text,
    )


def _lines(tree: ast.AST, around: tuple[str, ...] = (), gathered: tuple[str, ...] | None = None) -> Iterator[_Line]:
    """Each comparison by order of numbers of the household, or of each person that is gathered, where it decides.

    `around` holds the conditions of the household, `gathered` those of a person; None outside of a gathering.
    """
    if isinstance(tree, ast.Call) and is_gathering(tree):
        if gathered is None:
            yield from _lines(tree.args[0], around, ())
        return
    conditions = around if gathered is None else gathered
    if isinstance(tree, ast.Compare):
        sides = [tree.left, *tree.comparators]
        links = [
            (left, COMPARISONS[type(operator)], right)
            for left, operator, right in zip(sides, tree.ops, sides[1:], strict=False)
            if type(operator) in COMPARISONS
        ]
        for at, (left, operator, right) in enumerate(links):
            others = (link for place, link in enumerate(links) if place != at)
            needed = (*conditions, *(f"({ast.unparse(one)}) {sign} ({ast.unparse(two)})" for one, sign, two in others))
            if operator in _INCLUDES and gathered is None:
                yield _Line(left, operator, right, needed, False)
            elif operator in _INCLUDES:
                yield _Line(left, operator, right, needed, True, around)
    for child, more in _children(tree):
        if gathered is None:
            yield from _lines(child, (*around, *more))
        else:
            yield from _lines(child, around, (*gathered, *more))


def _children(tree: ast.AST) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    """The parts of `tree`, each with what must hold so that the part decides."""
    if isinstance(tree, ast.BoolOp):
        word = "" if isinstance(tree.op, ast.And) else "not "
        for part in tree.values:
            yield part, tuple(f"{word}({ast.unparse(other)})" for other in tree.values if other is not part)
    elif isinstance(tree, ast.IfExp):
        condition = ast.unparse(tree.test)
        yield tree.test, ()
        yield tree.body, (f"({condition})",)
        yield tree.orelse, (f"not ({condition})",)
    else:
        yield from ((child, ()) for child in ast.iter_child_nodes(tree))


def _write_rounding(draft: Draft, rounding: str) -> None:
    """A note for each aid whose amount, rounded to what can be paid, has left its range."""
    words = draft.words
    parts = {part: [out for out in draft.outputs if out.part == part] for part in ("aid", "floor", "ceiling")}
    if not rounding:
        return
    for aid, low, high in zip(parts["aid"], parts["floor"], parts["ceiling"], strict=True):
        leaf = Leaf("", draft.rules[aid.name].place)
        has_floor = any(
            draft.rules[own.floor].expression.text != "0"
            for category in draft.categories
            for own in category.aids
            if own.name == aid.heading and own.floor in draft.rules
        )
        ends = [("rounded_above", f"{aid.name} > {high.name}")]
        ends += [("rounded_below", f"{aid.name} > 0 and {aid.name} < {low.name}")] if has_floor else []
        for key, text in ends:
            note = words[f"note_{key}"].format(aid=aid.heading, rounding=words[rounding])
            _remark(draft, note, draft.write(draft.name(aid.name, words[key]), text, leaf), "note")


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
