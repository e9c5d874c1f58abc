"""Households brought in: columns matched with facts, cells read, blanks settled, lookups of absent facts.

What comes out are core facts: a value for every name that the rules may read. What cannot be settled is a Problem.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.algebras.exact import Exact, Missing, Value
from engine.expression import Reader
from engine.messages import Message, plain, say
from engine.policy import Fact, Policy
from engine.source import Place, Problem, nearest, normal
from engine.tables.cells import BadCell, is_blank, read_cell
from engine.tables.forms import FORMS

__all__ = ["Columns", "HouseholdError", "Intake"]


class HouseholdError(Exception):
    """A household that cannot be decided; `problems` says every reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.text() for problem in self.problems)


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
        self._by_name = {name: fact for fact in policy.facts for name in (fact.name, *fact.also_named)}
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

    def row(self, columns: Columns, cells: Sequence[object], file: str, line: int) -> dict[str, Value]:
        """The core facts of one row.

        Raises: HouseholdError with every problem of the row.
        """
        written: dict[str, tuple[object, str]] = {}
        for fact, name, cell in zip(columns.facts, columns.written, cells, strict=True):
            if fact is not None and not is_blank(cell):
                written[fact.name] = (cell, name)
        return self._settle(written, file, line)

    def household(self, given: Mapping[str, object], file: str = "") -> dict[str, Value]:
        """The core facts of a household given as names (or other names) with values as people write them.

        Raises: HouseholdError with every problem found.
        """
        problems: list[Problem] = []
        written: dict[str, tuple[object, str]] = {}
        for name, cell in given.items():
            fact = self._by_name.get(normal(name))
            place = Place(file, label=name)
            if fact is None:
                close = nearest(normal(name), self._by_name)
                remedy = say("Did you mean “{close}”?", close=close) if close else say("Leave it out.")
                problems.append(Problem(place, say("No fact is called “{name}”.", name=name), None, remedy))
            elif fact.name in written:
                problems.append(Problem(place, say("“{name}” is given twice.", name=fact.name), None, say("Keep one.")))
            elif not is_blank(cell):
                written[fact.name] = (cell, name)
        if problems:
            raise HouseholdError(tuple(problems))
        return self._settle(written, file, 0)

    def _settle(self, written: Mapping[str, tuple[object, str]], file: str, line: int) -> dict[str, Value]:
        problems: list[Problem] = []
        values: dict[str, Value] = {}
        for fact in self.policy.facts:
            if fact.name in written:
                cell, label = written[fact.name]
                try:
                    values[fact.name] = read_cell(fact, cell, self.policy.words)
                except BadCell as bad:
                    problems.append(Problem(Place(file, line, label=label), bad.wrong, bad.expected, bad.remedy))
            elif fact.absence is None and not fact.is_optional:
                wrong = say("“{name}” is blank.", name=fact.name)
                meaning = say("It is needed: {meaning}.", meaning=fact.meaning)
                problems.append(Problem(Place(file, line, label=fact.name), wrong, meaning, say("Fill it in.")))
        if not problems:
            core = self._core(values, problems, file, line)
            if not problems:
                return core
        raise HouseholdError(tuple(problems))

    def _core(self, values: dict[str, Value], problems: list[Problem], file: str, line: int) -> dict[str, Value]:
        """Every core fact; absent ones by what absence means."""
        words = self.policy.words
        core: dict[str, Value] = {}
        for fact in self.policy.facts:
            if fact.name in values:
                core[fact.name] = values[fact.name]
            elif fact.is_optional:
                core[fact.name] = self._neutral.get(fact.kind, 0)
        for fact in self.policy.facts:
            if fact.absence is not None and fact.name not in core:
                problem = self._absent(fact, core, Place(file, line, label=fact.name))
                if problem is not None:
                    problems.append(problem)
        for fact in self.policy.facts:
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
    return say("The table has {rows}.", rows=tuple(dict.fromkeys(" ".join(keys) for keys in same)))
