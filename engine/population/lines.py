"""The lines of a policy: where a rule compares, caps or rounds; and households found there and just beside.

A household is moved to a line by one of its facts: the values of the fact are searched for the place where what the rule
measures passes the line. What a rule measures is read by the rules themselves, in an algebra that keeps a note of it.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from engine.algebras.exact import Exact, Value
from engine.decision import refuse
from engine.expression import names_in
from engine.fold import fold
from engine.policy import Fact, Policy
from engine.population.draws import Draws, Given, Grid
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Line", "Lines"]

_MOST_TRIES = 6
"""So many households and facts are tried for a line, one after the other."""
_MOST_ELSEWHERE = 3
"""So many times a household found on a line is taken again with other facts that the line does not read."""
_HALF = Fraction(1, 2)
_MOST_KEPT = 400
"""So many households found on a line are kept, to be moved to another line as well."""


@dataclass(frozen=True)
class Line:
    """The line at which the rule `name` passes its measure number `at`."""

    name: str
    at: int


@dataclass(frozen=True)
class Dial:
    """A fact of numbers or days of the household, or of one person of a group of it."""

    name: str
    grid: Grid
    group: str
    is_read_when_blank: bool
    """Whether another fact, or what is known of this one, is settled by it."""

    def given(self, household: Given, person: int) -> Value:
        """What the household, or its person of this number, gives for the fact; None where it is blank."""
        bearer = self._persons(household)[person] if self.group else household
        found = bearer.get(self.name)
        assert not isinstance(found, list)
        return found

    def turned(self, household: Given, person: int, index: int) -> Given:
        """`household` with the value of this number in the grid."""
        if not self.group:
            return {**household, self.name: self.grid.value(index)}
        persons = [dict(one) for one in self._persons(household)]
        persons[person][self.name] = self.grid.value(index)
        return {**household, self.group: persons}

    def turned_core(self, core: Household, person: int, index: int) -> Household:
        """The core facts of a household with the value of this number in the grid."""
        if not self.group:
            return Household({**core.facts, self.name: self.grid.value(index)}, core.persons)
        persons = list(core.persons[self.group])
        persons[person] = {**persons[person], self.name: self.grid.value(index)}
        return Household(core.facts, {**core.persons, self.group: persons})

    def count(self, household: Given) -> int:
        """How many bear the fact: one household, or its persons."""
        return len(self._persons(household)) if self.group else 1

    def _persons(self, household: Given) -> list[dict[str, Value]]:
        found = household.get(self.group, [])
        assert isinstance(found, list)
        return found


@dataclass(frozen=True)
class Measure:
    """How far a rule is past a line; where `recurs`, the line is passed again at every whole number."""

    value: Fraction | int
    recurs: bool = False


class Measures(Exact):
    """Exact, with a note of how far each rule is past each of its lines, in the order in which they are read.

    A comparison measures left less right, a least or greatest the first less each other, a rounding its multiples from where it
    turns. Of the persons of a group the first is noted.
    """

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy.tables)
        self.found: dict[str, list[Measure]] = {}
        self._open: list[Measure] = []

    def named(self, name: str, value: Value) -> Value:
        self.found.setdefault(name, self._open)
        self._open = []
        return value

    def compare(self, operator: str, left: Value, right: Value) -> Value:
        self._note(left, right)
        return super().compare(operator, left, right)

    def minimum(self, values: Sequence[Value]) -> Value:
        self._note_each(values)
        return super().minimum(values)

    def maximum(self, values: Sequence[Value]) -> Value:
        self._note_each(values)
        return super().maximum(values)

    def rounded(self, rounding: str, value: Value, step: Value) -> Value:
        assert isinstance(value, (int, Fraction)) and isinstance(step, (int, Fraction))
        self._open.append(Measure(Fraction(value) / step - (_HALF if "half" in rounding else 0), True))
        return super().rounded(rounding, value, step)

    def _note_each(self, values: Sequence[Value]) -> None:
        for value in values[1:]:
            self._note(values[0], value)

    def _note(self, left: Value, right: Value) -> None:
        if isinstance(left, datetime.date) and isinstance(right, datetime.date):
            self._open.append(Measure((left - right).days))
        elif isinstance(difference := _difference(left, right), (int, Fraction)):
            self._open.append(Measure(difference))


def _difference(left: Value, right: Value) -> int | Fraction | None:
    """`left` less `right`; None where they are no numbers."""
    if isinstance(left, (bool, str)) or not isinstance(left, (int, Fraction)) or not isinstance(right, (int, Fraction)):
        return None
    return left - right


class Lines:
    """Finds households on the lines of one policy."""

    def __init__(self, policy: Policy, draws: Draws, random: Random) -> None:
        self.policy = policy
        self.draws = draws
        self.random = random
        self.intake = Intake(policy, policy.since)
        self.kept: list[Given] = []
        self._reads = _reads(policy)
        self._parts: dict[str, _Part] = {}
        self.all = tuple(self._known())

    def _known(self) -> Iterator[Line]:
        """Every line that some household at large meets."""
        found: dict[Line, None] = {}
        for _ in range(_MOST_TRIES):
            try:
                household = self.intake.household(self.draws.household())
            except HouseholdError:
                continue
            algebra = Measures(self.policy)
            fold(self.policy, household.facts, algebra, household.persons)
            for name, measures in algebra.found.items():
                found |= dict.fromkeys(Line(name, at) for at in range(len(measures)))
        order = {rule.name: at for at, rule in enumerate(self.policy.rules)}
        yield from sorted(found, key=lambda line: (order[line.name], line.at))

    def beside(self, line: Line) -> tuple[Given, ...]:
        """Households just below, on and just above `line`, alike but for one fact; none where none was found.

        Those are taken between which something is decided otherwise, where there are such.
        """
        found: tuple[Given, ...] = ()
        for _ in range(_MOST_TRIES):
            passing = self._passing(line, self._begin())
            if passing:
                found = passing
                if self._bites(passing):
                    break
        if found:
            self.kept.insert(self.random.randrange(len(self.kept) + 1), found[-1])
            del self.kept[_MOST_KEPT:]
        return (*found[1:-1], *self._elsewhere(line, found[1:-1]))

    def _elsewhere(self, line: Line, households: Sequence[Given]) -> Iterator[Given]:
        """The same households again, otherwise in what the rule of `line` does not read: they are where they were."""
        kept = self._part(line.name).facts
        for _ in range(_MOST_ELSEWHERE if households else 0):
            other = self.draws.changed(self.draws.changed(households[0]))
            moved = {name: value for name, value in other.items() if name not in kept}
            for household in households:
                yield {**{name: value for name, value in household.items() if name in kept}, **moved}

    def _begin(self) -> Given:
        """A household to begin from: one on another line as often as any."""
        if self.kept and self.random.randrange(2):
            return self.draws.changed(self.random.choice(self.kept))
        return self.draws.like_a_model()

    def _part(self, name: str) -> _Part:
        if name not in self._parts:
            self._parts[name] = _part(self.policy, self._reads, self.draws, name)
        return self._parts[name]

    def _passing(self, line: Line, household: Given) -> tuple[Given, ...]:
        """Neighbours in one fact between which the line is passed, with one more on either side; none where it is not."""
        part = self._part(line.name)
        dials = [self.random.choice(part.dials) for _ in range(2) if part.dials]
        dial = max(dials, key=lambda one: one.grid.last, default=None)  # finer steps come nearer to a line
        if dial is None or not dial.count(household):
            return ()
        person = self.random.randrange(dial.count(household))
        start = dial.given(household, person)
        begun = dial.grid.index(start) if start is not None else self.random.randrange(dial.grid.last + 1)

        measured = part.measuring(line, household, dial, person)

        first = measured(begun)
        if first is None:
            return ()
        target = first.value // 1 + self.random.randrange(2) if first.recurs else 0

        def past(sign: int) -> Callable[[int], Fraction | None]:
            return lambda index: _signed(measured(index), target, sign)

        ends = [(0, 1), (0, -1), (dial.grid.last, 1), (dial.grid.last, -1)]
        for end, sign in self.random.sample(ends, len(ends)):
            above = _first_past(past(sign), begun, end)
            if above is not None:
                points = range(max(above - 2, 0), min(above + 3, dial.grid.last + 1))
                return tuple(dial.turned(household, person, index) for index in points)
        return ()

    def _bites(self, households: Sequence[Given]) -> bool:
        """Whether what is decided for neighbours changes by more than with every step of the fact."""
        rows = [self._decided(household) for household in households]
        changes = [_change(before, after) for before, after in itertools.pairwise(rows)]
        return any(one != other for one, other in itertools.pairwise(changes))

    def _decided(self, household: Given) -> tuple[Value, ...] | None:
        """The outputs and the remarks of a household; None where it is refused."""
        try:
            core = self.intake.household(household)
            names = fold(self.policy, core.facts, Exact(self.policy.tables), core.persons)
            refuse(self.policy, names)
        except HouseholdError:
            return None
        outputs = [names[output.name] for output in self.policy.outputs]
        return (*outputs, *(names[remark.when] for remark in self.policy.remarks))


def _change(before: tuple[Value, ...] | None, after: tuple[Value, ...] | None) -> object:
    """What changes from one decision to the next: of numbers by how much, of all else from what to what."""
    if before is None or after is None:
        return before, after
    changes = []
    for old, new in zip(before, after, strict=True):
        difference = _difference(new, old)
        changes.append((None if old == new else (old, new)) if difference is None else difference)
    return changes


def _signed(measure: Measure | None, target: int | Fraction, sign: int) -> Fraction | None:
    return None if measure is None else Fraction(measure.value - target) * sign


def _first_past(past: Callable[[int], Fraction | None], begun: int, end: int) -> int | None:
    """The number next to which the line is passed: there it is reached, at its neighbour (one less or one more) it is not.

    Between `begun` and `end`; None where both are on the same side. Secants find it where the rules are straight, halving where not.
    """
    low, high = past(begun), past(end)
    if low is None or high is None or (low < 0) == (high < 0):
        return None
    below, above = (begun, end) if low < 0 else (end, begun)
    under, over = (low, high) if low < 0 else (high, low)
    is_halving = False
    while abs(above - below) > 1:
        middle = (below + above) // 2
        if not is_halving and over != under:
            middle = below + int((above - below) * -under / (over - under))
        is_halving = not is_halving
        least, most = min(below, above) + 1, max(below, above) - 1
        middle = min(max(middle, least), most)
        found = past(middle)
        if found is None:
            return None
        if found < 0:
            below, under = middle, found
        else:
            above, over = middle, found
    return above


@dataclass(frozen=True)
class _Part:
    """What a rule needs of a policy, and the facts by which it can be moved."""

    policy: Policy
    intake: Intake
    facts: frozenset[str]
    dials: tuple[Dial, ...]

    def measuring(self, line: Line, household: Given, dial: Dial, person: int) -> Callable[[int], Measure | None]:
        """How far the household is past the line with each value of the dial; None where the line is not read for it."""
        if dial.is_read_when_blank:
            return lambda index: self._measure(line, self._core(dial.turned(household, person, index)))
        core = self._core(dial.turned(household, person, 0))
        return lambda index: None if core is None else self._measure(line, dial.turned_core(core, person, index))

    def _core(self, household: Given) -> Household | None:
        try:
            return self.intake.household({name: value for name, value in household.items() if name in self.facts})
        except HouseholdError:
            return None

    def _measure(self, line: Line, household: Household | None) -> Measure | None:
        if household is None:
            return None
        algebra = Measures(self.policy)
        fold(self.policy, household.facts, algebra, household.persons)
        found = algebra.found.get(line.name, [])
        return found[line.at] if line.at < len(found) else None


def _part(policy: Policy, reads: Mapping[str, frozenset[str]], draws: Draws, name: str) -> _Part:
    needed = _needed(reads, name)
    words = policy.words

    def kept(facts: Sequence[Fact]) -> tuple[Fact, ...]:
        return tuple(fact for fact in facts if needed.intersection(fact.core_names(words)))

    rules = tuple(rule for rule in policy.rules if rule.name in needed)
    homes = {rule.of for rule in rules}
    groups = tuple(group for group in policy.groups if group.name in homes or kept(group.facts))
    part = replace(policy, rules=rules, facts=kept(policy.facts), groups=groups)
    settling = _settling(part)
    bearers = [("", part.facts), *((group.name, kept(group.facts)) for group in groups)]
    dials = tuple(
        Dial(fact.name, grid, group, fact.is_reference or fact.name in settling)
        for group, facts in bearers
        for fact in facts
        if (grid := draws.grids[fact.name]) is not None and grid.last
    )
    names = frozenset((*(fact.name for fact in part.facts), *(group.name for group in groups)))
    return _Part(part, Intake(part, policy.since), names, dials)


def _settling(policy: Policy) -> set[str]:
    """The names that say what the absence of a fact means."""
    facts = (*policy.facts, *(fact for group in policy.groups for fact in group.facts))
    trees = (fact.absence.value.tree for fact in facts if fact.absence is not None)
    return {node.id for tree in trees for node in names_in(tree)}


def _reads(policy: Policy) -> dict[str, frozenset[str]]:
    """For each name of a rule or of a fact those that it reads."""
    found = {rule.name: frozenset(node.id for node in names_in(rule.expression.tree)) for rule in policy.rules}
    for fact in (*policy.facts, *(fact for group in policy.groups for fact in group.facts)):
        absent = () if fact.absence is None else (node.id for node in names_in(fact.absence.value.tree))
        found |= dict.fromkeys(fact.core_names(policy.words), frozenset((fact.name, *absent)))
    return found


def _needed(reads: Mapping[str, frozenset[str]], name: str) -> set[str]:
    found, left = {name}, [name]
    while left:
        fresh = reads.get(left.pop(), frozenset()) - found
        found |= fresh
        left += fresh
    return found
