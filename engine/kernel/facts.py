"""What stands in a frame of core facts, and households as such a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from engine.algebras.columns import Column, Columns, declared
from engine.algebras.exact import Value
from engine.kernel.program import ROW
from engine.kernel.writing import dtype_of
from engine.messages import plain
from engine.policy import Policy
from engine.tables.intake import Household
from engine.terms import Term

__all__ = ["Typed", "facts_frame", "fits", "persons_frames", "stored", "typed"]


@dataclass(frozen=True)
class Typed:
    """What stands in a column: its kind and type; a number is the whole number there over `scale`.

    Where a number is divided by a fact, `below` names the column whose whole number divides it.
    """

    kind: str
    dtype: pl.DataType
    scale: int = 1
    below: str = ""
    decimals: int = 0
    """The places with which a number is shown that is not whole."""

    @property
    def places(self) -> int | None:
        """The decimal places that every number here has at most; None where there may be one without an end."""
        if self.below:
            return None
        return next((places for places in range(_MOST_PLACES) if 10**places % self.scale == 0), None)


_MOST_PLACES = 19


def typed(column: Column) -> Typed:
    """What stands in the column of a fact, or of a number with one denominator in every row."""
    if isinstance(column, Term):
        return Typed(column.kind, dtype_of(column))
    assert isinstance(column.below.value, int)
    return Typed("number", dtype_of(column.above), column.below.value)


def facts_frame(policy: Policy, households: Iterable[Household]) -> pl.DataFrame:
    """The core facts of `households` as a frame that a kernel of `policy` takes."""
    return _frame(_types(policy)[""], (household.facts for household in households))


def persons_frames(policy: Policy, households: Iterable[Household]) -> dict[str, pl.DataFrame]:
    """The persons of `households`, of each group a frame that a kernel of `policy` takes."""
    types = _types(policy)
    numbered = list(enumerate(household.persons for household in households))
    return {
        group.name: _frame(
            {ROW: Typed("number", pl.Int64()), **types[group.name]},
            ({ROW: number, **person} for number, persons in numbered for person in persons.get(group.name, ())),
        )
        for group in policy.groups
    }


def _types(policy: Policy) -> dict[str, dict[str, Typed]]:
    """The type of every core fact, of the household under "" and of the persons of each group."""
    columns = Columns(policy.tables, policy.groups)
    facts = declared(policy, columns, policy.facts, {})
    found = {group.name: declared(policy, columns, group.facts, {}, group.name, facts) for group in policy.groups}
    return {of: {name: typed(column) for name, column in names.items()} for of, names in {"": facts, **found}.items()}


def _frame(types: Mapping[str, Typed], rows: Iterable[Mapping[str, Value]]) -> pl.DataFrame:
    columns: dict[str, list[object]] = {name: [] for name in types}
    for row in rows:
        for name, found in types.items():
            columns[name].append(stored(row[name], found))
    return pl.DataFrame({name: pl.Series(values, dtype=types[name].dtype) for name, values in columns.items()})


def fits(value: Value, found: Typed) -> bool:
    """Whether `value` can stand in a column: any but a number that is no multiple of `1/scale`."""
    return not isinstance(value, Fraction) or found.scale % value.denominator == 0


def stored(value: Value, found: Typed) -> object:
    """`value` as it stands in a column: a number as a whole number of `1/scale`.

    Raises: ValueError where it is no multiple of that.
    """
    if found.kind != "number":
        return value
    assert isinstance(value, (int, Fraction))
    whole = Fraction(value) * found.scale
    if whole.denominator != 1:
        raise ValueError(f"{plain(value)} is no multiple of 1/{found.scale}")
    return whole.numerator
