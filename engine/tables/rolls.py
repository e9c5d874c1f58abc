"""The persons of a household as a file lists them, before their facts are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.messages import Message, Words, say
from engine.policy import Fact, Group
from engine.source import Place, Problem, normal
from engine.tables.cells import key_of
from engine.tables.columns import named

__all__ = ["Listed", "Repeats", "Roll", "listed"]

_MOST_ROWS_TOLD = 10
_CORRECT = say("Correct the list.")


@dataclass(frozen=True)
class Listed:
    """One person: what stands under which name, where, and what is wrong with it already."""

    place: Place
    written: Mapping[str, object]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Roll:
    """The persons of one group that a household brings; `remedy` says where their number is corrected."""

    persons: tuple[Listed, ...] = ()
    problems: tuple[Problem, ...] = ()
    remedy: Message = _CORRECT


def listed(group: Group, cell: object, place: Place) -> Roll:
    """The persons that `cell` of the household at `place` lists: mappings, one a person; nobody where it is None."""
    people = () if cell is None else cell
    if not isinstance(people, Sequence) or not all(isinstance(person, Mapping) for person in people):
        wrong = say("“{group}” is no list of persons.", group=group.name)
        remedy = say("List each person below it with “- ” and the person's facts.")
        return Roll(problems=(Problem(replace(place, label=group.name), wrong, None, remedy),))
    return Roll(
        tuple(Listed(replace(place, label=f"{group.name}:{number}"), person) for number, person in enumerate(people, 1))
    )


class Repeats:
    """Which values of the unique facts of persons are listed several times: every such person is a problem."""

    def __init__(self, facts: Sequence[Fact], words: Words) -> None:
        self._unique = {name: fact for name, fact in named(facts).items() if fact.is_unique}
        self._words = words
        self._first: dict[str, dict[str, int]] = {fact.name: {} for fact in self._unique.values()}
        self._rows: dict[str, dict[str, list[int]]] = {fact.name: {} for fact in self._unique.values()}

    @property
    def can_be(self) -> bool:
        """Whether any fact is unique at all."""
        return bool(self._unique)

    def see(self, person: Mapping[str, object], row: int) -> None:
        """Take note of a person listed in `row`."""
        for fact, value, _ in self._values(person):
            first = self._first[fact.name]
            if value in first:
                self._rows[fact.name].setdefault(value, [first[value]]).append(row)
            else:
                first[value] = row

    def close(self) -> None:
        """Forget what was listed once: everybody has been seen."""
        self._first.clear()

    def told(self, person: Listed, file: str = "") -> Listed:
        """`person` with a problem for each value that is listed again, in the rows of `file` or in the same list."""
        problems = []
        for fact, value, name in self._values(person.written):
            rows = self._rows[fact.name].get(value, ())
            if rows:
                wrong = say("“{value}” is listed {count} times.", value=value, count=len(rows))
                place = replace(person.place, label=":".join(part for part in (person.place.label, name) if part))
                problems.append(Problem(place, wrong, _once(fact, rows, file), say("Keep it where it is right.")))
        return replace(person, problems=(*person.problems, *problems)) if problems else person

    def _values(self, person: Mapping[str, object]) -> Iterator[tuple[Fact, str, str]]:
        """Each unique fact of `person` with its value and the name under which it is written."""
        for name, cell in person.items():
            fact = self._unique.get(normal(name))
            value = None if fact is None else key_of(fact, cell, self._words)
            if fact is not None and value is not None:
                yield fact, value, name


def _once(fact: Fact, rows: Sequence[int], file: str) -> Message:
    if not file:
        return say("Expected: each “{fact}” once.", fact=fact.name)
    distinct = tuple(dict.fromkeys(rows))
    shown = (*distinct[:_MOST_ROWS_TOLD], "…") if len(distinct) > _MOST_ROWS_TOLD else distinct
    return say("Expected: each “{fact}” once; it stands in {file}, rows {rows}.", fact=fact.name, file=file, rows=shown)
