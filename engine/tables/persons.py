"""Who belongs to which household: persons listed in its own row, or in a table of their own and joined by a column.

A table of persons is read once, and its rows are kept by the key of their household; so no order of rows matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.messages import Message, say
from engine.policy import Fact, Group, Policy
from engine.source import Place, Problem, normal
from engine.tables import NESTING, Cell, Source, open_source
from engine.tables.columns import Columns, household_columns, person_columns
from engine.tables.headings import Kept
from engine.tables.intake import HouseholdError
from engine.tables.rolls import Roll
from engine.tables.rosters import Join, Lists, Roster

__all__ = ["Persons", "households"]

Progress = Callable[[int, int], None]
"""Told how far a run is, and how far it is in all."""


def households(
    policy: Policy,
    table: Source,
    header: Sequence[str],
    files: Mapping[str, Path],
    *,
    encoding: str | None = None,
) -> tuple[Columns, Persons]:
    """The facts that the columns of `table` bring, of which `header` counts, and the persons of its households, to be read.

    Persons stand in the table's own cells, in its sheets, or by group in `files`; `encoding` is that of CSV files.

    Raises: HouseholdError with every problem of the columns of all tables; TableError where a file cannot be read.
    """
    opening = _Opening(policy, table, header, files, encoding)
    columns = opening.columns()
    lists, rosters = opening.lists(), opening.rosters(columns)
    if opening.problems:
        raise HouseholdError(tuple(opening.problems))
    return columns, Persons(policy, lists, rosters)


class _Opening:
    """The tables of one run before a row of them is read: which of them brings which group, and all their problems."""

    def __init__(
        self,
        policy: Policy,
        table: Source,
        header: Sequence[str],
        files: Mapping[str, Path],
        encoding: str | None,
    ) -> None:
        self.problems: list[Problem] = []
        self._policy = policy
        self._table = table
        self._header = header
        self._files = {normal(name): path for name, path in files.items()}
        self._listed_in = {normal(name): index for index, name in enumerate(header)}
        self._sources: dict[str, Source] = {}
        self._refuse_unknown()
        for group in policy.groups:
            if self._is_brought_once(group):
                self._open(group, encoding)

    def _refuse_unknown(self) -> None:
        groups = tuple(group.name for group in self._policy.groups)
        for name, path in self._files.items():
            if name not in groups:
                wrong = say("The policy has no group of persons called “{name}”.", name=name)
                known = say("Its groups are {groups}.", groups=groups) if groups else say("It has no groups.")
                self.problems.append(Problem(Place(str(path)), wrong, known, say("Name one of its groups, or none.")))

    def _is_brought_once(self, group: Group) -> bool:
        """Whether `group` has one way to be brought; none and several are problems, but none where it may be empty."""
        place = Place(self._table.name)
        ways = self._ways(group)
        if len(ways) > 1:
            wrong = say("The persons of “{group}” are given twice: {ways}.", group=group.name, ways=tuple(ways))
            self.problems.append(Problem(place, wrong, None, say("Leave all of them out but one.")))
        elif not ways and group.at_least:
            wrong = say("No persons are given for “{group}”.", group=group.name)
            expected = say("Expected: {least} to {most} in each household.", least=group.at_least, most=group.at_most)
            self.problems.append(Problem(place, wrong, expected, self._way(group)))
        return len(ways) == 1

    def _ways(self, group: Group) -> list[str | Message]:
        """Everything that brings the persons of `group`."""
        ways: list[str | Message] = []
        if group.name in self._listed_in:
            ways.append(say("the column “{name}”", name=group.name))
        if group.name in self._table.persons:
            ways.append(self._table.persons[group.name].name)
        if group.name in self._files:
            ways.append(str(self._files[group.name]))
        return ways

    def _way(self, group: Group) -> Message:
        """How the persons of `group` can be given beside this table."""
        if self._table.format in NESTING:
            return say("List them under “{group}” in each household, or add --persons {group}=FILE.", group=group.name)
        if self._table.format == "xlsx":
            return say("Add a sheet called “{group}”, or add --persons {group}=FILE.", group=group.name)
        return say("Add --persons {group}=FILE.", group=group.name)

    def _open(self, group: Group, encoding: str | None) -> None:
        if group.name in self._listed_in:
            if self._table.format not in NESTING:
                wrong = say("The column “{name}” has the name of a group of persons.", name=group.name)
                expected = say("A cell here cannot hold a list of persons.")
                place = Place(self._table.name, 1, label=group.name)
                self.problems.append(Problem(place, wrong, expected, say("Rename it. {way}", way=self._way(group))))
        elif group.name in self._files:
            path = self._files[group.name]
            is_csv = path.suffix.lower() == ".csv"
            self._sources[group.name] = open_source(path, encoding=encoding if is_csv else None, sheet=group.name)
        else:
            self._sources[group.name] = self._table.persons[group.name]

    def columns(self) -> Columns:
        """The columns of the table of households."""
        keys = [self._policy.key_of(group) for group in self._policy.groups if group.name in self._sources]
        names = {key.name for key in keys if key is not None}
        columns, problems = household_columns(self._policy, self._header, Place(self._table.name, 1), names)
        self.problems += problems
        return columns

    def lists(self) -> dict[str, Lists]:
        """The groups that a column of the table of households lists."""
        return {
            group.name: Lists(group, self._policy.words, self._table.name, self._listed_in[group.name])
            for group in self._policy.groups
            if group.name in self._listed_in
        }

    def rosters(self, columns: Columns) -> dict[str, Roster]:
        """The groups that tables of their own bring, their columns matched."""
        found = {}
        for group in self._policy.groups:
            source = self._sources.get(group.name)
            key = self._policy.key_of(group)
            if source is not None and key is None:
                self._refuse_unjoined(group, source)
            elif source is not None and key is not None:
                roster = self._roster(group, source, key, columns)
                found.update({group.name: roster} if roster is not None else {})
        return found

    def _refuse_unjoined(self, group: Group, source: Source) -> None:
        wrong = say("Nothing says by which column the persons of “{group}” find their household.", group=group.name)
        remedy = say("Write “joined_by” at the group in facts.yaml, or list them in each household (JSONL, YAML).")
        self.problems.append(Problem(Place(source.name), wrong, None, remedy))

    def _roster(self, group: Group, source: Source, key: Fact, columns: Columns) -> Roster | None:
        words = self._policy.words
        kept = Kept.of(source.header, [words["reason"]])
        header = [source.header[index] for index in kept.columns]
        theirs, problems = person_columns(group, key, header, Place(source.name, 1))
        self.problems += problems
        own, joined = columns.find(key), theirs.find(key)
        is_needed = key in self._policy.facts and not key.is_optional and key.absence is None
        why = say("By it the persons of “{group}” find their household.", group=group.name)
        if own is None and not is_needed:
            wrong = say("The column “{name}” is missing.", name=key.name)
            self.problems.append(Problem(Place(self._table.name, 1), wrong, why, say("Add the column.")))
        if own is None or joined is None or problems:
            return None
        why = say("It is needed: {meaning}.", meaning=key.meaning) if is_needed else why
        join = Join(key, self._table.name, own, columns.written[own], joined, why)
        return Roster(group, words, source, kept, theirs, join)


class Persons:
    """The persons of the households of one table, by group."""

    def __init__(self, policy: Policy, lists: Mapping[str, Lists], rosters: Mapping[str, Roster]) -> None:
        self.rosters = rosters
        self.not_given = tuple(
            group.name for group in policy.groups if group.name not in lists and group.name not in rosters
        )
        self.size = sum(roster.source.position()[1] for roster in rosters.values())
        self._lists = lists

    @property
    def keys(self) -> dict[int, Fact]:
        """The columns of the households by which persons find them, and which therefore may not say the same twice."""
        return {roster.join.own: roster.join.key for roster in self.rosters.values()}

    @property
    def columns(self) -> frozenset[int]:
        """The columns of the households from which persons are read, or by which they find them."""
        return frozenset((*self.keys, *(found.column for found in self._lists.values())))

    def unused(self) -> tuple[str, ...]:
        """The columns of the persons' own tables from which nothing is read, each behind the name of its group."""
        return tuple(f"{group}:{name}" for group, roster in self.rosters.items() for name in roster.unused)

    @property
    def are_listed(self) -> bool:
        """Whether the households' own rows list persons of any group."""
        return bool(self._lists)

    @property
    def can_repeat(self) -> bool:
        """Whether the households must be seen before they are read, since a person may belong to one only."""
        return any(found.can_repeat for found in self._lists.values())

    def read(self, progress: Progress | None = None, more: int = 0) -> None:
        """Read the tables of persons; `progress` hears how far that is, with `more` to come."""
        done = 0
        for roster in self.rosters.values():
            for _ in roster.read():
                if progress is not None:
                    progress(done + roster.source.position()[0], self.size + more)
            done += roster.source.position()[1]

    def see(self, row: int, cells: Sequence[Cell]) -> None:
        """Take note of the persons that the household in `row` lists."""
        for found in self._lists.values():
            found.see(row, cells)

    def close(self) -> None:
        """Every household has been seen."""
        for found in self._lists.values():
            found.close()

    def rolls(self, row: int, cells: Sequence[Cell]) -> dict[str, Roll]:
        """The persons of each group that the household in `row` brings."""
        brought: dict[str, Lists | Roster] = {**self._lists, **self.rosters}
        return {group: found.roll(row, cells) for group, found in brought.items()}
