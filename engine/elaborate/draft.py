"""A policy while it is being written out: names taken, rules so far, problems found."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.expression import SPLIT, VOCABULARY, Expression, calls, is_name, names_in, parse, rewritten
from engine.messages import Message, Words, say
from engine.policy import Category, Fact, Figure, Group, Output, Remark, Rule, Saying, Scale, Table, Unit
from engine.source import Branch, Leaf, Place, Problem, nearest, normal

__all__ = ["ANY_UNIT", "JOINT", "UNSAID", "Draft", "greatest", "saying_of", "unknown_name", "unknown_names"]

JOINT = "·"
"""Joins the parts of a generated name: category·aid·ceiling."""


UNSAID = Saying()
NO_UNIT = Unit()
_FEW = 6

ANY_UNIT = Unit("*")
"""The unit of a bare number that takes the unit of what it meets, as 0 does."""


@dataclass
class Draft:
    """What elaboration has written so far. Rules are kept in the order written; `in_order` sorts them at the end."""

    words: Words
    bases: dict[str, str] = field(default_factory=dict)
    unknown_units: set[str] = field(default_factory=set)
    facts: dict[str, Fact] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    scales: list[Scale] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    categories: list[Category] = field(default_factory=list)
    exclusions: list[tuple[str, str]] = field(default_factory=list)
    gates: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    refusals: list[Remark] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def name(self, *parts: str) -> str:
        """The generated name made of `parts`."""
        return JOINT.join(parts)

    def part(self, key: Leaf) -> str | None:
        """The name that `key` gives to a part of something (an aid, a gate, a level); a problem and None where it is none."""
        name = normal(key.text)
        if not is_name(name):
            self.problems.append(
                Problem(
                    key.place,
                    say("“{name}” cannot be a name.", name=key.text),
                    say(
                        "A name is made of letters, Chinese characters, digits (not at the beginning) and “_”, and is no word of the language."
                    ),
                    say("Choose such a name, and use it wherever this one is used."),
                )
            )
            return None
        return name

    def declare(self, key: Leaf) -> str | None:
        """The name that `key` declares; a problem and None where it cannot be a name or is taken."""
        name = self.part(key)
        if name is not None and name in self.places:
            first = self.places[name]
            self.problems.append(
                Problem(
                    key.place,
                    say("The name “{name}” is already taken.", name=name),
                    say("It is declared at {first}.", first=str(first)),
                    say("Give one of the two another name."),
                )
            )
            return None
        if name is not None:
            self.places[name] = key.place
        return name

    def of_household(self) -> set[str]:
        """Every name that a rule of the household may read; names of broken rules have problems of their own."""
        return {*self.figures, *self.core_facts(), *self.rules, *self.broken, "true", "false"}

    def write(
        self, name: str, text: str, leaf: Leaf, saying: Saying = UNSAID, unit: Unit = NO_UNIT, told: str = "never"
    ) -> str:
        """Add the generated rule `name`, whose expression is `text`; problems in it point at `leaf`. Gives the name."""
        found = parse(Leaf(text, leaf.place, shift=-1))
        if isinstance(found, tuple):
            assert all(problem.remedy == SPLIT for problem in found), f"{text}: {found}"
            wrong = say("The policy has more of a kind (categories, aids, gates, bands) than one decision can hold.")
            self.problems.append(Problem(leaf.place, wrong, None, say("Make fewer of them, or two policies.")))
            self.broken.add(name)
            return name
        self._add(Rule(name, self.settled(found), saying, unit, is_written=False, told=told))
        return name

    def adopt(self, name: str, leaf: Leaf | None, saying: Saying = UNSAID, *, is_written: bool = True) -> str:
        """Add the rule `name` with the expression that the officer wrote in `leaf`; broken where it has problems."""
        expression = self.parsed(leaf)
        if expression is None:
            self.broken.add(name)
        else:
            self._add(Rule(name, self.settled(expression), saying, is_written=is_written))
        return name

    def add(self, rule: Rule) -> str:
        """Add `rule` as it is."""
        self._add(rule)
        return rule.name

    def _add(self, rule: Rule) -> None:
        taken = self.places.get(rule.name)
        if (
            rule.name in self.rules
            or rule.name in self.facts
            or rule.name in self.figures
            or (taken and not rule.is_written)
        ):
            first = taken or rule.place
            wrong = say("The name “{name}” is already taken.", name=rule.name)
            expected = say("It is declared at {first}.", first=str(first))
            self.problems.append(Problem(rule.place, wrong, expected, say("Give one of the two another name.")))
            return
        self.rules[rule.name] = rule

    def parsed(self, leaf: Leaf | None) -> Expression | None:
        """The expression of `leaf`; None, with its problems kept, where there is none."""
        if leaf is None:
            return None
        found = parse(leaf)
        if isinstance(found, tuple):
            self.problems.extend(found)
            return None
        return found

    def settled(self, expression: Expression) -> Expression:
        """`expression` with `given(x)` and `valid(x)` replaced by the core facts that say so."""

        def settle(node: ast.expr) -> ast.expr | None:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("given", "valid"):
                argument = node.args[0]
                assert isinstance(argument, ast.Name)
                return ast.Name(self.name(argument.id, self.words[node.func.id]), ast.Load())
            return None

        if "given" not in expression.text and "valid" not in expression.text:
            return expression
        self._check_settling(expression)
        return rewritten(expression, settle)

    def _check_settling(self, expression: Expression) -> None:
        for word in ("given", "valid"):
            for call in calls(expression.tree, word):
                argument = call.args[0]
                assert isinstance(argument, ast.Name)
                fact = self.any_fact(argument.id)
                before = len(self.problems)
                if fact is None:
                    self.unknown(argument.id, expression.place_of(argument), say("fact"), self.facts)
                elif word == "given" and not (fact.is_optional or fact.absence):
                    self._refuse_call(
                        expression, argument, say("“{name}” is never absent: a blank is a problem.", name=fact.name)
                    )
                elif word == "valid" and not fact.form:
                    self._refuse_call(
                        expression, argument, say("“{name}” declares no form that could be valid.", name=fact.name)
                    )
                if len(self.problems) > before:  # told once: the name that the question becomes is none of its own
                    self.broken.add(self.name(argument.id, self.words[word]))

    def _refuse_call(self, expression: Expression, node: ast.AST, wrong: Message) -> None:
        remedy = say("Remove the question, or say “optional”, “when_absent” or “form” where the fact is declared.")
        self.problems.append(Problem(expression.place_of(node), wrong, None, remedy))

    def unknown(self, name: str, place: Place, sort: Message, available: Iterable[str]) -> None:
        """Keep the problem that no `sort` (fact, table, …) is called `name`, with the nearest names."""
        self.problems.append(unknown_name(name, place, sort, tuple(available)))

    def core_facts(self) -> set[str]:
        """Every name that the facts bring into the core: their values, and what is known of them."""
        return {name for fact in self.facts.values() for name in fact.core_names(self.words)}

    def personal_facts(self) -> dict[str, str]:
        """Every name that a person of a group brings into the core, with the group."""
        return {name: group.name for group in self.groups.values() for name in group.core_facts(self.words)}

    def any_fact(self, name: str) -> Fact | None:
        """The fact called `name`, of the household or of a person."""
        personal = (fact for group in self.groups.values() for fact in group.facts)
        return self.facts.get(name) or next((fact for fact in personal if fact.name == name), None)

    def depends_on(self, name: str) -> set[str]:
        """The names that the rule `name` reads; empty for facts and figures."""
        rule = self.rules.get(name)
        return set() if rule is None else {node.id for node in names_in(rule.expression.tree)}


def greatest(parts: Sequence[str]) -> str:
    """The expression for the highest of `parts`; 0 where there are none."""
    if len(parts) < 2:
        return parts[0] if parts else "0"
    most = VOCABULARY["max"][1]
    if len(parts) > most:
        return greatest([greatest(parts[:most]), *parts[most:]])
    return f"max({', '.join(parts)})"


def unknown_name(name: str, place: Place, sort: Message, available: tuple[str, ...]) -> Problem:
    """The problem that no `sort` is called `name`; where there are few, it says which there are."""
    close = nearest(name, available)
    remedy = say("Did you mean “{close}”?", close=close) if close else say("Declare it, or correct the name.")
    is_short = not close and 0 < len(available) <= _FEW
    expected = say("There is: {names}.", names=available) if is_short else None
    return Problem(place, say("No {sort} is called “{name}”.", sort=sort, name=name), expected, remedy)


_UNKNOWN = say("No {sort} is called “{name}”.").template
_KEPT_IN: Mapping[str, tuple[Message, ...]] = MappingProxyType(
    {"figures": (say("fact, figure or rule"), say("rule or figure")), "tables": (say("table"),)}
)
"""The files that declare names, each with the sorts that an unknown name of it is said to be of."""


def unknown_names(problems: Iterable[Problem], kind: str) -> Iterator[str]:
    """The names that `problems` say nothing declares, and that the file `kind` could declare."""
    for problem in problems:
        values = dict(problem.wrong.values)
        if problem.wrong.template == _UNKNOWN and values["sort"] in _KEPT_IN[kind]:
            yield str(values["name"])


def saying_of(branch: Branch) -> Saying:
    """Where `branch` says that the text says it."""

    def text(key: str) -> str:
        leaf = branch.leaf(key)
        return "" if leaf is None else leaf.text

    return Saying(text("clause"), text("quote"), text("because"), text("answers"))
