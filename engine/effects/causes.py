"""Why one household gets something else: where the traces under two policies part, and the change that parts them."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.algebras.exact import Value
from engine.algebras.trace import Step, Trace
from engine.compare import Comparison, name_of, place_of, section_title
from engine.effects.standings import Measured, both
from engine.explanation.reasons import needed
from engine.explanation.story import step_lines, traced
from engine.expression import Reader
from engine.fold import Reading
from engine.messages import plain
from engine.policy import Figure, Policy, Saying
from engine.reach import Core
from engine.source import Place
from engine.tables.intake import Household

__all__ = ["Cause", "Parting", "Traced", "as_changed", "parting"]


@dataclass(frozen=True)
class Traced:
    """One household under one policy, every step noted."""

    core: Core
    reading: Reading[Step]
    today: datetime.date

    @classmethod
    def of(cls, core: Core, household: Household, today: datetime.date) -> Traced:
        """The trace of `household` under the policy of `core`; `today` is what a blank reference date means."""
        return cls(core, traced(core.policy, household, Trace(core.policy.tables)), today)

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.core.policy


@dataclass(frozen=True)
class Cause:
    """What was changed: its name, what it was and is as written (empty: it was not, or is not), and where that stands."""

    name: str
    old: str
    new: str
    unit: str
    clause: str
    place: Place | None


@dataclass(frozen=True)
class Parting:
    """Where two traces of one household part: the first step that differs, by which changes, and the steps from there on.

    Of several ways to an output the shortest is told. Each step has its name and its lines under the old and the new policy; `results` are the outputs that differ.
    """

    first: str
    causes: tuple[Cause, ...]
    steps: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    results: tuple[tuple[str, Value, Value], ...]


def parting(old: Traced, new: Traced, compared: Measured) -> Parting:
    """Where the traces of one household part on the way to the outputs that differ."""
    sides = old, new
    compared_values = (
        (heading, *both(_value(old, names[0]), _value(new, names[1]))) for heading, names in compared.headings.items()
    )
    results = tuple(result for result in compared_values if result[1] != result[2])
    ends = [compared.headings[result[0]] for result in results]
    names = _apart(old, new, ends)
    first = next((name for name in names if _changed(sides, name)), "")
    last = {name for pair in ends for name in pair}
    kept = _between(sides, first, last, set(names))
    told = [name for name in names if name in kept and _is_told(sides, name, last | {first})]
    lines = [_lines(side, told) for side in sides]
    steps = tuple((name, lines[0].get(name, ()), lines[1].get(name, ())) for name in told)
    causes = tuple(cause for name in _changed(sides, first) for cause in _causes(old, new, first, name))
    return Parting(first, causes, steps, results)


def as_changed(found: Parting, comparison: Comparison) -> Parting:
    """`found` with each cause that is a rule which the words of the files come to told as the change of these words."""
    words = comparison.new.words
    changes = {place_of(change.new_place): change for change in comparison.changes if change.new_place is not None}
    causes = []
    for cause in found.causes:
        change = changes.get(place_of(cause.place)) if "·" in cause.name else None
        if change is not None:
            name = f"{section_title(words, change.section)} {name_of(comparison.new, change)}"
            cause = Cause(name, change.old, change.new, change.unit, change.clause, change.new_place)
        causes.append(cause)
    return replace(found, causes=tuple(dict.fromkeys(causes)))


def _apart(old: Traced, new: Traced, ends: Sequence[tuple[str, str]]) -> list[str]:
    """The facts and rules that `ends` need under either policy and whose values differ, in the order of reading."""
    wanted = _closure(old, [pair[0] for pair in ends]) | _closure(new, [pair[1] for pair in ends])
    order = dict.fromkeys((*_ordered(new.policy), *_ordered(old.policy)))
    return [name for name in order if name in wanted and _values(old, name) != _values(new, name)]


def _ordered(policy: Policy) -> Iterator[str]:
    yield from (fact.name for fact in policy.facts)
    yield from (rule.name for rule in policy.rules)


def _closure(side: Traced, ends: Sequence[str]) -> set[str]:
    """Everything that `ends` need for this household: of a choice only the branch that was taken."""
    found: set[str] = set()
    left = [name for name in ends if name]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [inner for step in _steps(side, name) for inner in needed(step.parts[0])]
    return found


def _steps(side: Traced, name: str) -> list[Step]:
    """The step of `name`; of a rule of a group that of each person."""
    if name in side.reading.names:
        return [side.reading.names[name]]
    return [person[name] for people in side.reading.persons.values() for person in people if name in person]


def _values(side: Traced, name: str) -> list[Value]:
    return [step.value for step in _steps(side, name)]


def _value(side: Traced, name: str) -> Value:
    return side.reading.names[name].value if name else None


def _changed(sides: tuple[Traced, Traced], name: str) -> list[str]:
    """What parts the traces at `name` itself: it or something that it reads directly means something else."""
    read = {name}.union(*(side.core.reads.get(name, frozenset()) for side in sides)) if name else set()
    meanings = [side.core.meanings for side in sides]
    return sorted(found for found in read if meanings[0].get(found) != meanings[1].get(found))


def _between(sides: tuple[Traced, Traced], first: str, last: set[str], apart: set[str]) -> set[str]:
    """The steps on the shortest ways from `first` to each of `last`, over names whose values are `apart`."""
    readers: dict[str, list[str]] = {}
    for side in sides:
        for name in apart:
            for read in {inner for step in _steps(side, name) for inner in needed(step.parts[0])} & apart:
                readers.setdefault(read, []).append(name)
    before: dict[str, str] = {first: ""}
    left = deque([first])
    while left:
        name = left.popleft()
        for reader in sorted(readers.get(name, ())):
            if reader not in before:
                before[reader] = name
                left.append(reader)
    found = last & apart
    for end in last & before.keys():
        while end:
            found.add(end)
            end = before[end]
    return found | {first}


def _is_told(sides: tuple[Traced, Traced], name: str, always: set[str]) -> bool:
    rules = (rule for side in sides for rule in side.policy.rules if rule.name == name)
    return name in always or all(rule.told == "always" for rule in rules)


def _lines(side: Traced, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    known = {*_ordered(side.policy)}
    return step_lines(side.policy, side.reading, [name for name in names if name in known])


# What was changed


def _causes(old: Traced, new: Traced, first: str, name: str) -> Iterator[Cause]:
    """The changes of `name`, as the step `first` meets them."""
    tables = {table.name for side in (old, new) for table in side.policy.tables}
    if name in tables:
        yield from _rows(old, new, first, name)
        return
    told = [_told(side, name) for side in (old, new)]
    latest = told[1] or told[0]
    if latest is not None:
        before, after = ("" if one is None else one.text for one in told)
        yield Cause(name, before, after, latest.unit, latest.saying.clause, latest.place)


@dataclass(frozen=True)
class _Told:
    text: str
    unit: str
    saying: Saying
    place: Place


def _told(side: Traced, name: str) -> _Told | None:
    """What the policy says under `name`; None where it says nothing."""
    for figure in side.policy.figures:
        if figure.name == name:
            return _figure(figure)
    for rule in side.policy.rules:
        if rule.name == name:
            return _Told(rule.expression.text, rule.unit.text, rule.saying, rule.place)
    for fact in side.policy.facts:
        if name in fact.core_names(side.policy.words):
            text = fact.absence.value.text if fact.absence is not None else ""
            return _Told(text, fact.unit.text, Saying(), fact.place)
    return None


def _figure(figure: Figure) -> _Told:
    return _Told(plain(figure.value), figure.unit.text, figure.saying, figure.place)


def _rows(old: Traced, new: Traced, first: str, name: str) -> Iterator[Cause]:
    """The rows of the table `name` that `first` looks up, where they differ."""
    found = [dict(_looked_up(side, first, name)) for side in (old, new)]
    for keys in dict.fromkeys((*found[0], *found[1])):
        told = [one.get(keys) for one in found]
        before, after = ("" if one is None else one.text for one in told)
        latest = told[1] or told[0]
        if before != after and latest is not None:
            yield Cause(" ".join((name, *keys)), before, after, latest.unit, latest.saying.clause, latest.place)


def _looked_up(side: Traced, first: str, name: str) -> Iterator[tuple[tuple[str, ...], _Told]]:
    """What `first` finds in the table `name`, by the keys without the day."""
    table = next((table for table in side.policy.tables if table.name == name), None)
    if table is None:
        return
    for step in (step for step in _lookups(_read(side, first)) if step.name == name):
        values = [part.value for part in step.parts]
        keys, day = (values[:-1], values[-1]) if table.is_dated else (values, None)
        known = [key for key in keys if isinstance(key, (str, int, Fraction))]
        row = table.find(known, day if isinstance(day, datetime.date) else None)
        found = known if row is None else row.keys
        texts = tuple(key if isinstance(key, str) else plain(key) for key in found)
        assert isinstance(step.value, (int, Fraction))
        place = table.place if row is None else row.place
        yield texts, _Told(plain(step.value), table.unit.text, table.saying, place)


def _read(side: Traced, name: str) -> list[Step]:
    """The steps that gave `name` its value; of a fact that was absent those of what absence means."""
    for fact in side.policy.facts:
        if fact.name == name and fact.absence is not None:
            today = Step("constant", (), side.today)
            reader: Reader[Step] = Reader(Trace(side.policy.tables), {**side.reading.names, "today": today})
            is_given = side.reading.names[f"{name}·{side.policy.words['given']}"].value
            return [] if is_given is True else [reader.read(fact.absence.value)]
    return [step.parts[0] for step in _steps(side, name)]


def _lookups(steps: Sequence[Step]) -> Iterator[Step]:
    """The lookups in `steps`, not in the names that they read."""
    for step in steps:
        if step.operation == "lookup":
            yield step
        if step.operation != "name":
            yield from _lookups(step.parts)
