"""Columns held against exact: the exact value of every name for many households, and where what a kernel gives differs."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from itertools import islice

import polars as pl

from engine import Policy
from engine.algebras.exact import Exact, Value
from engine.decision import headings, shown, view
from engine.expression import Algebra, Reader, names_in
from engine.fold import fold
from engine.kernel import Kernel, compile, facts_frame, persons_frames
from engine.tables.intake import Household

__all__ = ["exact_changes", "exact_names", "is_same", "kernel_of", "wrong"]


class Each(Algebra[list[Value]]):
    """Exact for each of `count` households: the value of a name is the list of theirs."""

    def __init__(self, exact: Exact, count: int) -> None:
        self.exact = exact
        self.count = count

    def number(self, value: Fraction) -> list[Value]:
        return [self.exact.number(value)] * self.count

    def text(self, value: str) -> list[Value]:
        return [value] * self.count

    def truth(self, value: bool) -> list[Value]:
        return [value] * self.count

    def negate(self, value: list[Value]) -> list[Value]:
        return list(map(self.exact.negate, value))

    def add(self, left: list[Value], right: list[Value]) -> list[Value]:
        return list(map(self.exact.add, left, right))

    def subtract(self, left: list[Value], right: list[Value]) -> list[Value]:
        return list(map(self.exact.subtract, left, right))

    def multiply(self, left: list[Value], right: list[Value]) -> list[Value]:
        return list(map(self.exact.multiply, left, right))

    def divide(self, left: list[Value], right: list[Value]) -> list[Value]:
        return list(map(self.exact.divide, left, right))

    def compare(self, operator: str, left: list[Value], right: list[Value]) -> list[Value]:
        return [self.exact.compare(operator, one, other) for one, other in zip(left, right, strict=True)]

    def both(self, left: list[Value], right: list[Value]) -> list[Value]:
        return list(map(self.exact.both, left, right))

    def either(self, left: list[Value], right: list[Value]) -> list[Value]:
        return list(map(self.exact.either, left, right))

    def opposite(self, value: list[Value]) -> list[Value]:
        return list(map(self.exact.opposite, value))

    def choose(self, condition: list[Value], chosen: list[Value], otherwise: list[Value]) -> list[Value]:
        return list(map(self.exact.choose, condition, chosen, otherwise))

    def minimum(self, values: Sequence[list[Value]]) -> list[Value]:
        return list(map(self.exact.minimum, zip(*values, strict=True)))

    def maximum(self, values: Sequence[list[Value]]) -> list[Value]:
        return list(map(self.exact.maximum, zip(*values, strict=True)))

    def absolute(self, value: list[Value]) -> list[Value]:
        return list(map(self.exact.absolute, value))

    def rounded(self, rounding: str, value: list[Value], step: list[Value]) -> list[Value]:
        return [self.exact.rounded(rounding, one, size) for one, size in zip(value, step, strict=True)]

    def lookup(self, table: str, keys: Sequence[list[Value]]) -> list[Value]:
        return [self.exact.lookup(table, list(found)) for found in zip(*keys, strict=True)]

    def calendar(self, word: str, values: Sequence[list[Value]]) -> list[Value]:
        return [self.exact.calendar(word, found) for found in zip(*values, strict=True)]


Names = Mapping[str, Sequence[Value]]


def exact_names(policy: Policy, made: Sequence[Household]) -> dict[str, list[Value]]:
    """Every name of `policy` with its value for each household, in the exact algebra."""
    exact = Exact(policy.tables)
    if policy.groups:
        found = [fold(policy, one.facts, exact, one.persons) for one in made]
        return {name: [names[name] for names in found] for name in found[0]}
    return fold(policy, {name: [one.facts[name] for one in made] for name in made[0].facts}, Each(exact, len(made)))


def exact_changes(policy: Policy, made: Sequence[Household], base: Policy, known: Names) -> dict[str, Sequence[Value]]:
    """The same, where `known` are the names of `base` for as many households: only what can differ is read again."""
    assert policy.tables == base.tables
    names: dict[str, Sequence[Value]] = {name: [one.facts[name] for one in made] for name in made[0].facts}
    names |= {figure.name: [figure.value] * len(made) for figure in policy.figures}
    changed = {name for name, values in names.items() if values != known[name]}
    before = {rule.name: rule.expression for rule in base.rules}
    reader = Reader(Each(Exact(policy.tables), len(made)), names)
    for rule in policy.rules:
        read = {node.id for node in names_in(rule.expression.tree)}
        if before.get(rule.name) == rule.expression and not read & changed:
            names[rule.name] = known[rule.name]
        else:
            names[rule.name] = reader.read(rule.expression)
            changed.add(rule.name)
    return names


def denominators(kernel: Kernel, decided: pl.DataFrame, name: str) -> Iterable[int]:
    """What each number of a column is divided by."""
    typed = kernel.outputs[name]
    return decided[typed.below] if typed.below else [typed.scale] * decided.height


def differences(kernel: Kernel, decided: pl.DataFrame, expected: Names) -> list[str]:
    """The first row in which each name that a kernel decided is not what it is in `expected`."""
    found = []
    for name in [name for name in kernel.outputs if name in expected]:
        values, right = decided[name].to_list(), expected[name]
        if kernel.outputs[name].kind == "number":
            assert bool not in {*map(type, right)}
            rows = enumerate(zip(values, denominators(kernel, decided, name), right, strict=True))
            wrong = (row for row, (above, below, n) in rows if above * n.denominator != n.numerator * below)  # type: ignore[union-attr]  # a number
        else:
            wrong = (row for row, pair in enumerate(zip(values, right, strict=True)) if not is_same(*pair))
        found += [f"{name}: row {row}: {values[row]}, exactly {right[row]}" for row in islice(wrong, 1)]
    return found


def is_same(value: Value, right: Value) -> bool:
    """Whether two values are the same: a truth is no number."""
    return value == right and isinstance(value, bool) == isinstance(right, bool)


def rules_of(policy: Policy) -> list[str]:
    """Every name of the household."""
    return [*(fact.name for fact in policy.facts), *(rule.name for rule in policy.rules if not rule.of)]


def kernel_of(policy: Policy) -> Kernel:
    """The kernel that gives every name of the household, and every heading."""
    return compile(policy, list(dict.fromkeys([*rules_of(policy), *headings(policy)])))


def wrong(policy: Policy, made: Sequence[Household], expected: Names, kernel: Kernel | None = None) -> list[str]:
    """Where columns differ from the exact values: in a name, or in a decision as values or as cells show it.

    `kernel` is the one of `kernel_of`, where there is one already.
    """
    found = kernel or kernel_of(policy)
    decided = found.decide(facts_frame(policy, made), persons_frames(policy, made))
    assert decided.height == len(made) and decided.null_count().sum_horizontal().item() == 0
    return differences(found, decided, expected) + wrong_cells(policy, found, decided, expected)


def wrong_cells(policy: Policy, kernel: Kernel, decided: pl.DataFrame, expected: Names) -> list[str]:
    """The first decision of which a cell differs from what the exact one shows."""
    order = headings(policy)
    told = lru_cache(maxsize=None, typed=True)(partial(shown, policy))
    cells_of = kernel.rendered(decided).select(order)
    for row, (cells, values) in enumerate(
        zip(zip(*cells_of, strict=True), zip(*expected.values(), strict=True), strict=True)
    ):
        right = view(policy, dict(zip(expected, values, strict=True))).row()
        for heading, cell, value in zip(order, cells, right, strict=True):
            if cell != told(value, heading):
                return [f"{heading}: row {row}: {cell}, exactly {told(value, heading)}"]
    return []
