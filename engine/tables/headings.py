"""The headings of a table, each named once, and the records below them brought to the same columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, count

from engine.messages import Message, say
from engine.source import Place, Problem, normal
from engine.tables import Cell, Record, TableError
from engine.tables.cells import is_blank
from engine.tables.texts import letter, shown

__all__ = ["Headings", "Kept"]

_MOST_SHOWN = 20_000


@dataclass(frozen=True)
class Headings:
    """The headings that say something, with the columns in which they stand; other columns must be blank."""

    names: tuple[str, ...]
    columns: tuple[int, ...]
    width: int

    @classmethod
    def read(cls, written: Sequence[str], place: Place) -> Headings:
        """The headings of the header row `written`.

        Raises: TableError where two are the same, whatever the width of their characters, or all are blank.
        """
        first: dict[str, int] = {}
        problems: list[Problem] = []
        for column, heading in enumerate(written):
            name = normal(heading)
            if name in first:
                wrong = say("The heading “{name}” stands twice.", name=name)
                expected = say("It stands in the columns {one} and {two}.", one=letter(first[name]), two=letter(column))
                problems.append(Problem(place, wrong, expected, say("Rename one of the two, or leave it out.")))
            elif name:
                first[name] = column
        if not first:
            problems.append(
                Problem(place, say("No heading stands here."), None, say("Write the headings into the first row."))
            )
        if problems:
            raise TableError(tuple(problems))
        columns = tuple(first.values())
        return cls(tuple(written[column].strip() for column in columns), columns, len(written))

    def record(self, found: Record, *, counted: bool) -> Record | None:
        """`found` (with the cells of all columns) with those under a heading; None where it is wholly blank.

        With `counted`, as many cells as there are columns are expected, and anything else is a problem.
        """
        cells = found.cells
        if found.problem is not None:
            return Record(found.number, self._shown(cells), found.problem)
        if all(map(is_blank, cells)):
            return None
        if counted and len(cells) != self.width:
            return Record(found.number, self._shown(cells), self._miscounted(len(cells)))
        if len(cells) == len(self.columns) == self.width:
            return found
        for column in sorted(set(range(len(cells))).difference(self.columns)):
            if not is_blank(cells[column]):
                return Record(found.number, self._picked(cells), _unnamed(column))
        return Record(found.number, self._picked(cells))

    def _picked(self, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(cells[column] if column < len(cells) else None for column in self.columns)

    def _shown(self, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        """The cells of a bad record under the headings, those that are too many behind the last of them."""
        picked = self._picked(cells)
        more = [cell for cell in cells[self.width :] if not is_blank(cell)]
        if not more:
            return picked
        joined = ",".join(shown(cell) for cell in (picked[-1], *cells[self.width :]))
        return (*picked[:-1], joined if len(joined) <= _MOST_SHOWN else joined[:_MOST_SHOWN] + "…")

    def _miscounted(self, found: int) -> Message:
        return say(
            "The record has {found} cells, the header has {expected}. Put a cell that holds a comma in quotes.",
            found=found,
            expected=self.width,
        )


@dataclass(frozen=True)
class Kept:
    """The columns of a table that are its owner's, and the heading `reason` under which rejects say what is wrong."""

    columns: tuple[int, ...]
    reason: str

    @classmethod
    def of(cls, header: Sequence[str], words: Collection[str]) -> Kept:
        """Every column, but the last where it has the heading that rejects of the other columns would have.

        The reasons stand under the last of `words`, with a number behind it where a column of the table is called so.
        """
        columns = tuple(range(len(header)))
        before = header[:-1]
        if header and normal(header[-1]) in {_free(word, before) for word in words}:
            columns, header = columns[:-1], before
        return cls(columns, _free(list(words)[-1], header))


def _free(word: str, header: Sequence[str]) -> str:
    """`word`, or the first of `word2`, `word3` … that `header` does not have."""
    taken = {normal(name) for name in header}
    numbered = (f"{word}{number}" for number in count(2))
    return next(name for name in chain([word], numbered) if name not in taken)


def _unnamed(column: int) -> Message:
    return say(
        "The column {column} holds something here, but has no heading. Give it one, or empty it.",
        column=letter(column),
    )
