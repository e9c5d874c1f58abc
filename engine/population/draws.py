"""What a fact can be, drawn at large: its bounds, steps and choices, the keys and days of tables, what models bring."""

from __future__ import annotations

import ast
import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random

from engine.algebras.exact import Value
from engine.expression import Expression, calls
from engine.policy import Fact, Group, Policy
from engine.source import normal
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.columns import named
from engine.tables.forms import EXAMPLES

__all__ = ["Draws", "Given", "Grid"]

Given = dict[str, Value | list[dict[str, Value]]]
"""What a household brings: a value for each fact that is given, and under the name of a group its persons likewise."""

_OLDEST = 100
_MOST_PERSONS = 4
_UNBOUNDED = 10**9
_DAY = datetime.timedelta(days=1)


class Grid:
    """Every value that a fact of numbers or days can have, numbered from 0 to `last` in rising order."""

    def __init__(self, first: Fraction, step: Fraction, last: int, *, is_of_days: bool = False) -> None:
        self._first = first
        self._step = step
        self.last = last
        self.is_of_days = is_of_days

    def value(self, index: int) -> Value:
        """The value with this number."""
        found = self._first + index * self._step
        return datetime.date.fromordinal(int(found)) if self.is_of_days else _plain(found)

    def index(self, value: Value) -> int:
        """The number of the greatest value that is no greater than `value`, within the grid."""
        number = value.toordinal() if isinstance(value, datetime.date) else value
        assert isinstance(number, (int, Fraction))
        return min(max((number - self._first) // self._step, 0), self.last)


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _grid_of(policy: Policy, fact: Fact) -> Grid | None:
    """The grid of `fact`; None where it is no number and no day."""
    if fact.kind == "date":
        oldest = datetime.date(policy.since.year - _OLDEST, 1, 1)
        days = (policy.until - oldest).days
        return Grid(Fraction(oldest.toordinal()), Fraction(1), days, is_of_days=True)
    if fact.kind not in ("money", "count"):
        return None
    step = fact.step or Fraction(1)
    least = fact.at_least if fact.at_least is not None else -_UNBOUNDED * step
    most = fact.at_most if fact.at_most is not None else _UNBOUNDED * step
    first = -(-least // step) * step
    return Grid(first, step, int((most - first) // step))


class Draws:
    """Draws facts, persons and households for one policy."""

    def __init__(self, policy: Policy, models: Sequence[Mapping[str, object]], random: Random) -> None:
        self.policy = policy
        self.random = random
        self.groups = {group.name: group for group in policy.groups}
        self.models = [given for model in models if (given := self._read(model)) is not None]
        facts = [*policy.facts, *(fact for group in policy.groups for fact in group.facts)]
        self.grids = {fact.name: _grid_of(policy, fact) for fact in facts}
        known = _values_of_models(self.models)
        self.pools = {fact.name: _pool(policy, fact, self.grids[fact.name], known.get(fact.name, ())) for fact in facts}
        self.keyed = {table.name: names for table in policy.tables if (names := _read_by(policy, table.name))}

    # Models

    def _read(self, model: Mapping[str, object]) -> Given | None:
        """The values of `model`; None where one of its cells cannot be read."""
        given: Given = {}
        by_name = named(self.policy.facts)
        try:
            for name, cell in model.items():
                group = self.groups.get(normal(name))
                if group is None:
                    given |= self._cell(by_name, name, cell)
                else:
                    assert isinstance(cell, Sequence)
                    given[group.name] = [self._person(group, person) for person in cell]
        except BadCell:
            return None
        return given

    def _person(self, group: Group, person: Mapping[str, object]) -> dict[str, Value]:
        by_name = named(group.facts)
        return {key: value for name, cell in person.items() for key, value in self._cell(by_name, name, cell).items()}

    def _cell(self, by_name: Mapping[str, Fact], name: str, cell: object) -> dict[str, Value]:
        fact = by_name.get(normal(name))
        if fact is None or is_blank(cell):
            return {}
        return {fact.name: read_cell(fact, cell, self.policy.words)}

    # Households

    def household(self) -> Given:
        """A household of which every fact is drawn, or left out where it may be."""
        given: Given = dict(self._facts(self.policy.facts))
        self._place(given)
        for group in self.policy.groups:
            most = min(group.at_most, max(group.at_least, _MOST_PERSONS))
            count = self.random.randrange(group.at_least, most + 1)
            given[group.name] = [dict(self._facts(group.facts)) for _ in range(count)]
        return given

    def like_a_model(self) -> Given:
        """A household as one of the models, with some facts drawn anew; any household where there is no model."""
        return self.changed(self.random.choice(self.models)) if self.models else self.household()

    def changed(self, given: Given) -> Given:
        """`given` with some facts, and some of its persons, drawn anew."""
        found = dict(given)
        for _ in range(self.random.randrange(5)):
            self._redraw(self.policy.facts, found)
        if not self.random.randrange(4):
            self._place(found)
        for group in self.policy.groups:
            found[group.name] = self._changed_persons(group, found.get(group.name, []))
        return found

    def _changed_persons(self, group: Group, persons: object) -> list[dict[str, Value]]:
        assert isinstance(persons, list)
        found = [dict(person) for person in persons]
        if not self.random.randrange(4) and len(found) < group.at_most:
            found.append(dict(self._facts(group.facts)))
        if not self.random.randrange(4) and len(found) > group.at_least:
            found.pop(self.random.randrange(len(found)))
        while len(found) < group.at_least:
            found.append(dict(self._facts(group.facts)))
        if found and group.facts:
            for _ in range(self.random.randrange(4)):
                self._redraw(group.facts, self.random.choice(found))
        return found

    # Facts

    def _facts(self, facts: Iterable[Fact]) -> Iterator[tuple[str, Value]]:
        for fact in facts:
            if not (_may_be_blank(fact) and self.random.randrange(2)):
                yield fact.name, self._value(fact)

    def _redraw(self, facts: Sequence[Fact], given: dict[str, Value] | Given) -> None:
        fact = self.random.choice(facts)
        if _may_be_blank(fact) and not self.random.randrange(3):
            given.pop(fact.name, None)
        else:
            given[fact.name] = self._value(fact)

    def _value(self, fact: Fact) -> Value:
        pool, grid = self.pools[fact.name], self.grids[fact.name]
        if pool and (grid is None or self.random.randrange(2)):
            return self.random.choice(pool)
        return "" if grid is None else grid.value(self._index(grid))

    def _index(self, grid: Grid) -> int:
        """A number of the grid, of few digits as often as of many; days as often in the last year as before."""
        if grid.is_of_days:
            return grid.last - self.random.randrange(self.random.choice((366, grid.last + 1)))
        digits = self.random.randrange(1, len(str(grid.last)) + 1)
        return min(self.random.randrange(10**digits), grid.last)

    def _place(self, given: Given) -> None:
        """Set the facts by which a table is read to the keys of one of its rows."""
        if not self.keyed:
            return
        name = self.random.choice(tuple(self.keyed))
        table = next(table for table in self.policy.tables if table.name == name)
        row = self.random.choice(table.rows)
        for fact, key in zip(self.keyed[name], row.keys, strict=False):
            if fact in {known.name for known in self.policy.facts}:
                given[fact] = _plain(key) if isinstance(key, Fraction) else key


def _may_be_blank(fact: Fact) -> bool:
    return fact.is_optional or fact.absence is not None


def _values_of_models(models: Iterable[Given]) -> dict[str, tuple[Value, ...]]:
    """The different values of each fact in `models`, as they come; that of a person too."""
    found: dict[str, dict[Value, None]] = {}
    for given in models:
        for name, value in given.items():
            pairs = (
                [pair for person in value for pair in person.items()] if isinstance(value, list) else [(name, value)]
            )
            for key, one in pairs:
                found.setdefault(key, {})[one] = None
    return {name: tuple(values) for name, values in found.items()}


def _pool(policy: Policy, fact: Fact, grid: Grid | None, known: Sequence[Value]) -> tuple[Value, ...]:
    """Values of `fact` that mean something: those of models, of choices and tables, its ends, and the figures of its unit."""
    if fact.kind == "truth":
        return (True, False)
    if grid is None:
        texts = (
            *fact.choices,
            *known,
            *EXAMPLES.get(fact.form, ()),
            *_keys(policy, fact.name),
            *_compared(policy, fact.name),
        )
        return tuple(dict.fromkeys(text for text in texts if not fact.choices or text in fact.choices))
    if grid.is_of_days:
        days = [day + move * _DAY for day in (policy.since, policy.until, *_days(policy)) for move in (-1, 0, 1)]
        return tuple(dict.fromkeys((*known, *days)))
    ends = (grid.value(0), grid.value(min(1, grid.last)), grid.value(grid.last))
    figures = [grid.value(grid.index(figure.value)) for figure in policy.figures if _measures(figure.unit.powers, fact)]
    return tuple(dict.fromkeys((*known, *known, *ends, *figures, *_keys(policy, fact.name))))


def _measures(powers: tuple[tuple[str, int], ...], fact: Fact) -> bool:
    return bool(powers) and powers == fact.unit.powers


def _days(policy: Policy) -> Iterator[datetime.date]:
    for table in policy.tables:
        for row in table.rows:
            yield from (day for day in (row.since, row.until) if day is not None)


def _expressions(policy: Policy) -> Iterator[Expression]:
    yield from (rule.expression for rule in policy.rules)
    facts = (*policy.facts, *(fact for group in policy.groups for fact in group.facts))
    yield from (fact.absence.value for fact in facts if fact.absence is not None)


def _read_by(policy: Policy, table: str) -> tuple[str, ...]:
    """The names of the keys by which `table` is read the first time; a key that is no plain name is empty."""
    for expression in _expressions(policy):
        for call in calls(expression.tree, "lookup"):
            first, *keys = call.args
            if isinstance(first, ast.Name) and first.id == table:
                return tuple(key.id if isinstance(key, ast.Name) else "" for key in keys)
    return ()


def _keys(policy: Policy, name: str) -> Iterator[Value]:
    """Every key of a table that is read by the fact `name`, in each spelling."""
    for table in policy.tables:
        for at, key in enumerate(_read_by(policy, table.name)[: len(table.keys)]):
            if key == name:
                for row in table.rows:
                    found = row.keys[at]
                    yield _plain(found) if isinstance(found, Fraction) else found
                yield from (spelling for spelling, _ in table.spellings if table.keys[at] not in table.number_keys)


def _compared(policy: Policy, name: str) -> Iterator[str]:
    """Every text with which a rule compares the fact `name`."""
    for expression in _expressions(policy):
        for node in ast.walk(expression.tree):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == name:
                for other in (constant for right in node.comparators for constant in ast.walk(right)):
                    if isinstance(other, ast.Constant) and isinstance(other.value, str):
                        yield other.value
