"""Which column of a table brings which fact: none taken for another, none left uncounted without a word."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.messages import say
from engine.policy import Fact, Group, Policy
from engine.source import Place, Problem, nearest, normal
from engine.tables.cells import quoted

__all__ = ["Columns", "household_columns", "is_nearly", "named", "person_columns"]


@dataclass(frozen=True)
class Columns:
    """Which column of a table brings which fact; `written` is each column's name as written."""

    facts: tuple[Fact | None, ...]
    written: tuple[str, ...]

    def find(self, fact: Fact) -> int | None:
        """The column that brings `fact`; where it is none of the facts, the column of its name."""
        names = [normal(written) if found is None else found.name for found, written in self._pairs()]
        return names.index(fact.name) if fact.name in names else None

    def unused(self, known: Collection[int] = ()) -> tuple[str, ...]:
        """The names of the columns that bring no fact, but the `known` ones."""
        pairs = enumerate(self._pairs())
        return tuple(written for at, (fact, written) in pairs if fact is None and at not in known)

    def _pairs(self) -> Iterator[tuple[Fact | None, str]]:
        return zip(self.facts, self.written, strict=True)


def named(facts: Sequence[Fact]) -> dict[str, Fact]:
    """Each fact under each of its names."""
    return {name: fact for fact in facts for name in (fact.name, *fact.also_named)}


def is_nearly(written: str, names: Collection[str]) -> str | None:
    """The one of `names` that somebody may have meant who wrote `written`; None for a name of one character."""
    return nearest(written, names) if len(written) > 1 else None


def household_columns(
    policy: Policy, header: Sequence[str], place: Place, keys: Collection[str] = ()
) -> tuple[Columns, list[Problem]]:
    """The facts that the columns of `header` bring, and what is wrong with them; `keys` are no facts, and known.

    A needed fact without a column, a name that is nearly a fact's, two columns for a fact, a name of a column of the
    result: each is a problem.
    """
    words = policy.words
    results = {output.heading for output in policy.outputs}
    results |= {words[word] for word in ("clauses", "notes", "policy", "fingerprint")}
    by_name = named(policy.facts)
    known = {*keys, *(group.name for group in policy.groups)}

    def stranger(written: str, here: Place) -> Problem | None:
        if written in results:
            wrong = say("The column “{name}” has the name of a column of the result.", name=written)
            return Problem(here, wrong, None, say("Rename it, or leave it out."))
        return None if written in known else _suspicious(written, by_name, here)

    return _matched(policy.facts, header, place, stranger)


def person_columns(group: Group, key: Fact, header: Sequence[str], place: Place) -> tuple[Columns, list[Problem]]:
    """The facts of a person that the columns of `header` bring, the household's `key` among them, and what is wrong."""
    keys, own = named([key]), named(group.facts)
    shared = [written for written in header if normal(written) in keys and normal(written) in own]
    if shared:
        return Columns((), ()), [_shared(key, own[normal(written)], written, place) for written in shared]
    facts = (replace(key, is_optional=False, absence=None), *group.facts)
    return _matched(facts, header, place, lambda written, here: _suspicious(written, keys | own, here))


def _shared(key: Fact, fact: Fact, written: str, place: Place) -> Problem:
    wrong = say("The column “{column}” may bring “{one}” or “{two}”.", column=written, one=key.name, two=fact.name)
    expected = say("By “{key}” a person finds the household.", key=key.name)
    here = replace(place, label=normal(written))
    return Problem(here, wrong, expected, say("Give the column a name that only one of the two has."))


def _matched(
    facts: Sequence[Fact],
    header: Sequence[str],
    place: Place,
    stranger: Callable[[str, Place], Problem | None],
) -> tuple[Columns, list[Problem]]:
    by_name = named(facts)
    problems: list[Problem] = []
    taken: dict[str, str] = {}
    brought = tuple(by_name.get(normal(written)) for written in header)
    for written, fact in zip(header, brought, strict=True):
        here = replace(place, label=normal(written))
        if fact is None:
            found = stranger(normal(written), here)
            problems += [] if found is None else [found]
        elif fact.name in taken:
            one = taken[fact.name]
            wrong = say("The columns “{one}” and “{two}” both bring “{fact}”.", one=one, two=written, fact=fact.name)
            problems.append(Problem(here, wrong, None, say("Keep one of the two columns.")))
        else:
            taken[fact.name] = written
    missing = _missing(facts, taken, place)
    if len(missing) > 1 and not taken and not problems:
        missing = [_no_headings(facts, header, place)]
    return Columns(brought, tuple(header)), problems + missing


def _no_headings(facts: Sequence[Fact], header: Sequence[str], place: Place) -> Problem:
    """The problem that not one column brings a fact: then what stands there are no headings."""
    wrong = say("None of these is the name of a fact: {names}.", names=tuple(map(quoted, header[:_MOST_TOLD])))
    needed = tuple(fact.name for fact in facts if not fact.is_optional and fact.absence is None)
    expected = say("Expected: headings, {names} among them.", names=needed[:_MOST_TOLD])
    return Problem(place, wrong, expected, say("Delete what stands above the headings, or name the columns so."))


_MOST_TOLD = 8


def _suspicious(written: str, by_name: Mapping[str, Fact], place: Place) -> Problem | None:
    close = is_nearly(written, by_name)
    if close is None:
        return None
    wrong = say("No fact is called “{name}”.", name=written)
    expected = say("It is nearly “{close}”, and what it holds would not be counted.", close=close)
    return Problem(place, wrong, expected, say("Correct the column's name, or give it quite another one."))


def _missing(facts: Sequence[Fact], taken: Collection[str], place: Place) -> list[Problem]:
    found = []
    for fact in facts:
        if fact.name not in taken and not fact.is_optional and fact.absence is None:
            wrong = say("The column “{name}” is missing.", name=fact.name)
            names = say("It is known as {names}.", names=(fact.name, *fact.also_named))
            found.append(Problem(place, wrong, names, say("Add the column.")))
    return found
