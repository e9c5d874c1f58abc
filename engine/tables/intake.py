"""Households brought in: columns matched with facts, cells read, blanks settled, lookups of absent facts.

What comes out are core facts: a value for every name that the rules may read. What cannot be settled is a Problem.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.algebras.exact import Exact, Missing, Value
from engine.expression import Reader
from engine.messages import Message, plain, say
from engine.policy import Fact, Group, Policy
from engine.source import Place, Problem, nearest, normal
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.forms import FORMS

__all__ = ["Columns", "Household", "HouseholdError", "Intake"]


class HouseholdError(Exception):
    """A household that cannot be decided; `problems` says every reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.text() for problem in self.problems)


@dataclass(frozen=True)
class Household:
    """The core facts of a household, and of each person of each group: a value for every name that a rule may read."""

    facts: dict[str, Value]
    persons: dict[str, list[dict[str, Value]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Columns:
    """Which column of a table brings which fact; `written` is each fact's column name as written."""

    facts: tuple[Fact | None, ...]
    written: tuple[str, ...]


class Intake:
    """Brings households in for one policy; `today` is the day of the run."""

    def __init__(self, policy: Policy, today: datetime.date) -> None:
        self.policy = policy
        self.today = today
        self._exact = Exact(policy.tables)
        self._figures = {figure.name: self._exact.number(figure.value) for figure in policy.figures}
        self._by_name = _named(policy.facts)
        self._groups = {group.name: group for group in policy.groups}
        self._neutral: dict[str, Value] = {"truth": False, "text": "", "date": datetime.date.min}

    def columns(self, header: Sequence[str], file: str, line: int = 1) -> Columns:
        """The facts that the columns of `header` bring.

        Raises: HouseholdError where a needed fact has no column, a name is nearly a fact's, a fact has two columns, or a
        column is named like a result.
        """
        problems: list[Problem] = []
        facts: list[Fact | None] = []
        taken: dict[str, str] = {}
        for written in header:
            fact = self._by_name.get(normal(written))
            facts.append(fact)
            place = Place(file, line, label=normal(written))
            if fact is not None and fact.name in taken:
                wrong = say(
                    "The columns “{one}” and “{two}” both bring “{fact}”.",
                    one=taken[fact.name],
                    two=written,
                    fact=fact.name,
                )
                problems.append(Problem(place, wrong, None, say("Keep one of the two columns.")))
            elif fact is not None:
                taken[fact.name] = written
            elif (problem := self._suspicious(normal(written), place)) is not None:
                problems.append(problem)
        problems += self._missing_columns(set(taken), Place(file, line))
        if problems:
            raise HouseholdError(tuple(problems))
        return Columns(tuple(facts), tuple(header))

    def _suspicious(self, written: str, place: Place) -> Problem | None:
        """A column that nobody meant to be there: named like a result, or nearly like a fact."""
        words = self.policy.words
        results = {output.heading for output in self.policy.outputs}
        results |= {words[word] for word in ("clauses", "notes", "policy", "fingerprint")}
        if written in results:
            wrong = say("The column “{name}” has the name of a column of the result.", name=written)
            return Problem(place, wrong, None, say("Rename it, or leave it out."))
        if written in self._groups:
            return None
        close = nearest(written, self._by_name) if len(written) > 1 else None
        if close is not None:
            wrong = say("No fact is called “{name}”.", name=written)
            expected = say("It is nearly “{close}”, and what it holds would not be counted.", close=close)
            return Problem(place, wrong, expected, say("Correct the column's name, or give it quite another one."))
        return None

    def _missing_columns(self, taken: set[str], place: Place) -> list[Problem]:
        found = []
        for fact in self.policy.facts:
            if fact.name not in taken and not fact.is_optional and fact.absence is None:
                wrong = say("The column “{name}” is missing.", name=fact.name)
                names = say("It is known as {names}.", names=(fact.name, *fact.also_named))
                found.append(Problem(place, wrong, names, say("Add the column.")))
        return found

    def row(self, columns: Columns, cells: Sequence[object], file: str, line: int) -> Household:
        """The core facts of one row, and of the persons that its cells list.

        Raises: HouseholdError with every problem of the row.
        """
        written: dict[str, tuple[object, str]] = {}
        lists: dict[str, object] = {}
        for fact, name, cell in zip(columns.facts, columns.written, cells, strict=True):
            if fact is not None and not is_blank(cell):
                written[fact.name] = (cell, name)
            elif normal(name) in self._groups and not is_blank(cell):
                lists[normal(name)] = cell
        return self._settle(written, lists, file, line)

    def household(self, given: Mapping[str, object], file: str = "") -> Household:
        """The core facts of a household given as names (or other names) with values as people write them.

        A group is given as a list of such mappings, one a person.

        Raises: HouseholdError with every problem found.
        """
        problems: list[Problem] = []
        lists = {normal(name): cell for name, cell in given.items() if normal(name) in self._groups}
        plain_facts = {name: cell for name, cell in given.items() if normal(name) not in self._groups}
        written = self._matched(plain_facts, self._by_name, Place(file), problems)
        if problems:
            raise HouseholdError(tuple(problems))
        return self._settle(written, lists, file, 0)

    def _matched(
        self, given: Mapping[str, object], by_name: Mapping[str, Fact], place: Place, problems: list[Problem]
    ) -> dict[str, tuple[object, str]]:
        """What is given, under the names of the facts."""
        written: dict[str, tuple[object, str]] = {}
        for name, cell in given.items():
            fact = by_name.get(normal(name))
            here = replace(place, label=f"{place.label}:{name}" if place.label else name)
            if fact is None:
                close = nearest(normal(name), by_name)
                remedy = say("Did you mean “{close}”?", close=close) if close else say("Leave it out.")
                problems.append(Problem(here, say("No fact is called “{name}”.", name=name), None, remedy))
            elif fact.name in written:
                problems.append(Problem(here, say("“{name}” is given twice.", name=fact.name), None, say("Keep one.")))
            elif not is_blank(cell):
                written[fact.name] = (cell, name)
        return written

    def _settle(
        self, written: Mapping[str, tuple[object, str]], lists: Mapping[str, object], file: str, line: int
    ) -> Household:
        problems: list[Problem] = []
        values = self._read(self.policy.facts, written, Place(file, line), problems)
        persons = {
            group.name: self._people(group, lists.get(group.name), Place(file, line, label=group.name), problems)
            for group in self.policy.groups
        }
        if not problems:
            core = self._core(self.policy.facts, values, problems, Place(file, line))
            if not problems:
                return Household(core, persons)
        raise HouseholdError(tuple(problems))

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

    def _people(self, group: Group, listed: object, place: Place, problems: list[Problem]) -> list[dict[str, Value]]:
        """The core facts of each person of `group`."""
        people = [] if listed is None else listed
        if not isinstance(people, (list, tuple)) or not all(isinstance(person, Mapping) for person in people):
            wrong = say("“{group}” is no list of persons.", group=group.name)
            remedy = say("List each person below it with “- ” and the person's facts.")
            problems.append(Problem(place, wrong, None, remedy))
            return []
        if not group.at_least <= len(people) <= group.at_most:
            wrong = say("“{group}” has {count} persons.", group=group.name, count=len(people))
            expected = say("Expected: {least} to {most}.", least=group.at_least, most=group.at_most)
            problems.append(Problem(place, wrong, expected, say("Correct the list.")))
        by_name = _named(group.facts)
        found = []
        for number, person in enumerate(people, 1):
            here = replace(place, label=f"{group.name}:{number}")
            before = len(problems)
            written = self._matched(person, by_name, here, problems)
            values = self._read(group.facts, written, here, problems)
            if len(problems) == before:
                found.append(self._core(group.facts, values, problems, here))
        return found

    def _core(
        self, facts: Sequence[Fact], values: dict[str, Value], problems: list[Problem], place: Place
    ) -> dict[str, Value]:
        """Every core fact of a household or a person; absent ones by what absence means."""
        words = self.policy.words
        core: dict[str, Value] = {}
        for fact in facts:
            if fact.name in values:
                core[fact.name] = values[fact.name]
            elif fact.is_optional:
                core[fact.name] = self._neutral.get(fact.kind, 0)
        for fact in facts:
            if fact.absence is not None and fact.name not in core:
                problem = self._absent(fact, core, replace(place, label=f"{place.label}:{fact.name}".strip(":")))
                if problem is not None:
                    problems.append(problem)
        for fact in facts:
            if fact.is_optional or fact.absence is not None:
                core[f"{fact.name}·{words['given']}"] = fact.name in values
            if fact.form:
                core[f"{fact.name}·{words['valid']}"] = FORMS[fact.form](str(core[fact.name]))
            if fact.is_reference:
                day = core[fact.name]
                inside = isinstance(day, datetime.date) and self.policy.since <= day <= self.policy.until
                core[f"{fact.name}·{words['in_force']}"] = inside
        return core

    def _absent(self, fact: Fact, core: dict[str, Value], place: Place) -> Problem | None:
        assert fact.absence is not None
        reader: Reader[Value] = Reader(self._exact, {**self._figures, "today": self.today, **core})
        try:
            core[fact.name] = reader.read(fact.absence.value)
        except Missing as missing:
            return Problem(place, *self._not_found(fact, missing))
        return None

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


def _named(facts: Sequence[Fact]) -> dict[str, Fact]:
    return {name: fact for fact in facts for name in (fact.name, *fact.also_named)}


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
