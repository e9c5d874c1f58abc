"""Households brought in: cells read, blanks settled, lookups of absent facts, for the household and for each person.

What comes out are core facts: a value for every name that the rules may read. What cannot be settled is a Problem.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.algebras.exact import Exact, Missing, Value
from engine.expression import Reader, names_in
from engine.messages import Message, plain, say
from engine.policy import FAULTS, Fact, Group, Policy
from engine.source import Place, Problem, Problems, nearest, normal
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.columns import Columns, named
from engine.tables.forms import FORMS
from engine.tables.rolls import Listed, Repeats, Roll, listed

__all__ = ["Household", "HouseholdError", "Intake"]


class HouseholdError(Problems):
    """What keeps a household from being decided."""


@dataclass(frozen=True)
class Household:
    """The core facts of a household, and of each person of each group: a value for every name that a rule may read."""

    facts: dict[str, Value]
    persons: dict[str, list[dict[str, Value]]] = field(default_factory=dict)


class Intake:
    """Brings households in for one policy; `today` is the day of the run."""

    def __init__(self, policy: Policy, today: datetime.date) -> None:
        self.policy = policy
        self.today = today
        self._exact = Exact(policy.tables)
        self._figures = {figure.name: self._exact.number(figure.value) for figure in policy.figures}
        self._by_name = named(policy.facts)
        self._groups = {group.name: group for group in policy.groups}
        self._same_for_all: dict[str, Value] = {}
        self._neutral: dict[str, Value] = {"truth": False, "text": "", "date": datetime.date.min}

    def row(
        self, columns: Columns, cells: Sequence[object], rolls: Mapping[str, Roll], file: str, line: int
    ) -> Household:
        """The core facts of one row, and of the persons that `rolls` lists for it by group.

        Raises: HouseholdError with every problem of the row and its persons.
        """
        written = {
            fact.name: (cell, name)
            for fact, name, cell in zip(columns.facts, columns.written, cells, strict=True)
            if fact is not None and not is_blank(cell)
        }
        return self._settle(written, rolls, file, line)

    def household(self, given: Mapping[str, object], file: str = "") -> Household:
        """The core facts of a household given as names (or other names) with values as people write them.

        A group is given as a list of such mappings, one a person.

        Raises: HouseholdError with every problem found.
        """
        problems: list[Problem] = []
        rolls = {
            group.name: self._told_apart(group, listed(group, cell, Place(file)))
            for name, cell in given.items()
            if (group := self._groups.get(normal(name))) is not None
        }
        plain_facts = {name: cell for name, cell in given.items() if normal(name) not in self._groups}
        written = self._matched(plain_facts, self._by_name, Place(file), problems)
        if problems:
            raise HouseholdError(tuple(problems))
        return self._settle(written, rolls, file, 0)

    def _told_apart(self, group: Group, roll: Roll) -> Roll:
        """`roll` with a problem for each person who is listed twice in it."""
        repeats = Repeats(group.facts, self.policy.words)
        for person in roll.persons:
            repeats.see(person.written, 0)
        return replace(roll, persons=tuple(map(repeats.told, roll.persons)))

    def _matched(
        self, given: Mapping[str, object], by_name: Mapping[str, Fact], place: Place, problems: list[Problem]
    ) -> dict[str, tuple[object, str]]:
        """What is given, under the names of the facts."""
        written: dict[str, tuple[object, str]] = {}
        for name, cell in given.items():
            fact = by_name.get(normal(name))
            if fact is not None and is_blank(cell):
                continue
            here = replace(place, label=f"{place.label}:{name}" if place.label else name)
            if fact is None:
                close = nearest(normal(name), by_name)
                remedy = say("Did you mean “{close}”?", close=close) if close else say("Leave it out.")
                problems.append(Problem(here, say("No fact is called “{name}”.", name=name), None, remedy))
            elif fact.name in written:
                problems.append(Problem(here, say("“{name}” is given twice.", name=fact.name), None, say("Keep one.")))
            elif isinstance(cell, (list, tuple, Mapping)):
                wrong = say("“{name}” has more than one value.", name=name)
                problems.append(Problem(here, wrong, None, say("Write one value.")))
            else:
                written[fact.name] = (cell, name)
        return written

    def _settle(
        self, written: Mapping[str, tuple[object, str]], rolls: Mapping[str, Roll], file: str, line: int
    ) -> Household:
        problems: list[Problem] = []
        place = Place(file, line)
        values = self._read(self.policy.facts, written, place, problems)
        core = None if problems else self._core(self.policy.facts, values, {}, problems, place)
        own = None if problems else core
        persons = {
            group.name: self._people(group, rolls.get(group.name, Roll()), own, place, problems)
            for group in self.policy.groups
        }
        if core is not None and not problems:
            return Household(core, persons)
        raise HouseholdError(tuple(dict.fromkeys(problems)))

    def _read(
        self,
        facts: Sequence[Fact],
        written: Mapping[str, tuple[object, str]],
        place: Place,
        problems: list[Problem],
    ) -> dict[str, Value]:
        """The values of the facts that are given; what is needed and blank is a problem."""
        values: dict[str, Value] = {}
        for fact in facts:
            label = f"{place.label}:" if place.label else ""
            if fact.name in written:
                cell, name = written[fact.name]
                try:
                    values[fact.name] = read_cell(fact, cell, self.policy.words)
                except BadCell as bad:
                    here = replace(place, label=label + name)
                    problems.append(Problem(here, bad.wrong, bad.expected, bad.remedy))
            elif fact.absence is None and not fact.is_optional:
                wrong = say("“{name}” is blank.", name=fact.name)
                meaning = say("It is needed: {meaning}.", meaning=fact.meaning)
                problems.append(Problem(replace(place, label=label + fact.name), wrong, meaning, say("Fill it in.")))
        return values

    def _people(
        self, group: Group, roll: Roll, household: dict[str, Value] | None, place: Place, problems: list[Problem]
    ) -> list[dict[str, Value]]:
        """The core facts of each person of `group`; of none where those of the `household` are not known."""
        problems += roll.problems
        count = len(roll.persons)
        if not roll.problems and not group.at_least <= count <= group.at_most:
            wrong = say("“{group}” has {count} persons.", group=group.name, count=count)
            expected = say("Expected: {least} to {most}.", least=group.at_least, most=group.at_most)
            problems.append(Problem(replace(place, label=group.name), wrong, expected, roll.remedy))
        by_name = named(group.facts)
        people = [self._person(group, by_name, person, household, problems) for person in roll.persons]
        return [core for core in people if core is not None]

    def _person(
        self,
        group: Group,
        by_name: Mapping[str, Fact],
        person: Listed,
        household: dict[str, Value] | None,
        problems: list[Problem],
    ) -> dict[str, Value] | None:
        """The core facts of one person; None, with the problems kept, where there are any, or no `household`."""
        problems += person.problems
        before = len(problems)
        written = self._matched(person.written, by_name, person.place, problems)
        values = self._read(group.facts, written, person.place, problems)
        if household is None or len(problems) > before:
            return None
        core = self._core(group.facts, values, household, problems, person.place)
        return core if len(problems) == before else None

    def _core(
        self,
        facts: Sequence[Fact],
        values: dict[str, Value],
        household: dict[str, Value],
        problems: list[Problem],
        place: Place,
    ) -> dict[str, Value]:
        """Every core fact of a household, or of a person of `household`; absent ones by what absence means."""
        core: dict[str, Value] = {}
        for fact in facts:
            if fact.name in values:
                core[fact.name] = values[fact.name]
            elif fact.is_optional:
                core[fact.name] = self._neutral.get(fact.kind, 0)
        for fact in facts:
            if fact.absence is not None and fact.name not in core:
                here = replace(place, label=f"{place.label}:{fact.name}".strip(":"))
                problem = self._absent(fact, core, household, here)
                if problem is not None:
                    problems.append(problem)
        for fact in facts:
            self.add_known(fact, fact.name in values, core)
        return core

    def add_known(self, fact: Fact, is_given: bool, core: dict[str, Value]) -> None:
        """Add to `core` what is known of `fact` besides its value: whether it is given, of its form, in force."""
        words = self.policy.words
        if fact.is_optional or fact.absence is not None:
            core[f"{fact.name}·{words['given']}"] = is_given
        if fact.form:
            text = str(core[fact.name])
            found = FORMS[fact.form].fault(text)
            core[f"{fact.name}·{words['valid']}"] = found is None
            for fault in FAULTS[fact.form]:
                core[f"{fact.name}·{words[fault]}"] = text != "" and fault == found
        if fact.is_reference:
            day = core[fact.name]
            inside = isinstance(day, datetime.date) and self.policy.since <= day <= self.policy.until
            core[f"{fact.name}·{words['in_force']}"] = inside

    def _absent(self, fact: Fact, core: dict[str, Value], household: dict[str, Value], place: Place) -> Problem | None:
        try:
            core[fact.name] = self.when_absent(fact, {**household, **core})
        except Missing as missing:
            return Problem(place, *self._not_found(fact, missing))
        return None

    def when_absent(self, fact: Fact, core: Mapping[str, Value]) -> Value:
        """What the absence of `fact` means where the facts that it depends on are as in `core`.

        Raises: Missing where a table has no figure for them.
        """
        assert fact.absence is not None
        if fact.name in self._same_for_all:
            return self._same_for_all[fact.name]
        reader: Reader[Value] = Reader(self._exact, {**self._figures, "today": self.today, **core})
        value = reader.read(fact.absence.value)
        if next(names_in(fact.absence.value.tree), None) is None:
            self._same_for_all[fact.name] = value
        return value

    def _not_found(self, fact: Fact, missing: Missing) -> tuple[Message, Message, Message]:
        table = missing.table
        remedy = say("Write “{fact}” into the row, or add the figure to the table.", fact=fact.name)
        blank = tuple(key for key, value in zip(table.keys, missing.keys, strict=False) if value == "")
        if blank:
            wrong = say("“{fact}” is blank, and so is {keys}, by which it is looked up.", fact=fact.name, keys=blank)
            return wrong, say("Expected: one or the other."), remedy
        keys = tuple(str(key) for key in missing.keys)
        wrong = say(
            "“{fact}” is blank, and the table “{table}” has no figure for {keys}.",
            fact=fact.name,
            table=table.name,
            keys=keys,
        )
        return wrong, _known(missing), remedy


def _known(missing: Missing) -> Message:
    """What the table has for these keys, or which keys it has."""
    table = missing.table
    spellings = dict(table.spellings)
    texts = tuple(spellings.get(str(key), str(key)) for key in missing.keys[: len(table.keys)])
    dated = [row for row in table.rows if row.keys == texts]
    if dated:
        days = tuple(f"{row.since}–{row.until or ''}: {plain(row.value)}" for row in dated)
        return say("The table has {rows}.", rows=days)
    same = [row.keys for row in table.rows if row.keys[:-1] == texts[:-1]] or [row.keys for row in table.rows]
    return say("The table has {rows}.", rows=tuple(dict.fromkeys(" ".join(str(key) for key in keys) for keys in same)))
