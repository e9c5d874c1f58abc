"""A household that two policies decide otherwise: sought among very many at once, then made as plain as it can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import polars as pl

from engine.algebras.exact import Value
from engine.decision import decided, shown
from engine.kernel import compile, facts_frame, persons_frames
from engine.mutation.sameness import is_one_intake, told
from engine.mutation.trials import Pair
from engine.policy import Policy
from engine.population import Cells, population
from engine.source import number
from engine.tables.intake import Household, HouseholdError, Intake

__all__ = ["Found", "Search"]

_SEED = 1
_MIXED_OF = 6
"""One of so many facts of a mixture comes from another household."""
_MOST_TRIED = 8
"""So many households that differ are made plain; the plainest is told."""


@dataclass(frozen=True)
class Found:
    """A household that tells two policies apart, as cells; what each of them says of it: values by name, or a refusal."""

    pair: Pair
    cells: Cells
    own: Mapping[str, Value] | str
    edited: Mapping[str, Value] | str

    @property
    def differing(self) -> tuple[str, ...]:
        """The names that come to something else."""
        if isinstance(self.own, str) or isinstance(self.edited, str):
            return ()
        return tuple(name for name in _shared(self.pair) if self.own[name] != self.edited[name])


class Search:
    """Households on and beside the lines of a policy and at large, made up once, against which pairs of policies are held.

    Besides those made up, as many mixtures of them as `mixed` says are decided: households that have each fact from one of them.
    """

    def __init__(self, policy: Policy, start: Cells, models: Sequence[Cells], count: int, mixed: int) -> None:
        self.start = start
        self.mixed = mixed
        self.households = (*models, *population(policy, count, _SEED, models))
        self.brought = _all_brought(policy, self.households)
        self.sought = 0
        """How many households were decided for the last pair."""

    def find(self, pair: Pair) -> Found | None:
        """A household that `pair` decides otherwise, as plain as can be; None where none of those made up does."""
        is_one = is_one_intake(pair)
        own = self.brought if is_one else _all_brought(pair.own, self.households)
        edited = own if is_one else _all_brought(pair.edited, self.households)
        self.sought = len(self.households)
        found = [
            result
            for cells, one, two in zip(self.households, own, edited, strict=True)
            if (one is None) != (two is None) and (result := _result(pair, cells)) is not None
        ]
        both = [index for index, two in enumerate(edited) if own[index] is not None and two is not None]
        frames = [
            _frames(policy, [rows[at] for at in both]) for policy, rows in ((pair.own, own), (pair.edited, edited))
        ]
        for row in _rows(pair, *frames):
            result = _result(pair, self.households[both[row]])
            found += [] if result is None else [result]
        if not found and is_one and not pair.own.groups:
            found = self._among_mixtures(pair, frames[0][0])
        plain = [_plain(one, self.start) for one in found[:_MOST_TRIED]]
        return min(plain, key=lambda one: (len(one.cells), len(str(one.cells))), default=None)

    def _among_mixtures(self, pair: Pair, frame: pl.DataFrame) -> list[Found]:
        """Those that differ among mixtures of the households of `frame`."""
        mixture = _mixed(pair.own, frame, self.mixed)
        self.sought += mixture.height
        rows = _rows(pair, (mixture, {}), (mixture, {}))
        cells = (_cells(pair.own, mixture, row) for row in rows)
        return [found for one in cells if (found := _result(pair, one)) is not None]


Frames = tuple[pl.DataFrame, dict[str, pl.DataFrame]]


def _all_brought(policy: Policy, households: Sequence[Cells]) -> list[Household | None]:
    intake = Intake(policy, policy.since)
    return [_brought(intake, cells) for cells in households]


def _brought(intake: Intake, cells: Cells) -> Household | None:
    try:
        return intake.household(cells)
    except HouseholdError:
        return None


def _frames(policy: Policy, households: Sequence[Household | None]) -> Frames:
    known = [household for household in households if household is not None]
    return facts_frame(policy, known), persons_frames(policy, known)


def _rows(pair: Pair, own: Frames, edited: Frames) -> list[int]:
    """The first rows that the two policies decide otherwise."""
    first, second = _decided(pair, pair.own, own), _decided(pair, pair.edited, edited)
    differs = pl.Series([False] * first.height, dtype=pl.Boolean)
    for name in first.columns:
        differs = differs | (first.get_column(name) != second.get_column(name))
    return differs.arg_true().head(_MOST_TRIED).to_list()


def _decided(pair: Pair, policy: Policy, frames: Frames) -> pl.DataFrame:
    """What the names of both come to for each household, as texts, so that another scale is no difference."""
    kernel = compile(policy, _shared(pair))
    return kernel.rendered(kernel.decide(*frames))


def _shared(pair: Pair) -> tuple[str, ...]:
    """The names that make up a result in both policies."""
    known = {rule.name for rule in pair.edited.rules}
    return tuple(name for name in told(pair.own) if name in known)


# Mixtures ------------------------------------------------------------


def _mixed(policy: Policy, frame: pl.DataFrame, count: int) -> pl.DataFrame:
    """`count` rows, each a row of `frame` with some of its facts from other rows: a fact with all that is known of it."""
    random = Random(_SEED)
    rows = frame.height
    base = pl.Series([random.randrange(rows) for _ in range(count)])
    mixture = frame[base]
    for fact in policy.facts:
        taken = pl.Series([random.randrange(_MIXED_OF) == 0 for _ in range(count)])
        other = frame[pl.Series([random.randrange(rows) for _ in range(count)])]
        names = [name for name in fact.core_names(policy.words) if name in frame.columns]
        fresh = [other.get_column(name).zip_with(taken, mixture.get_column(name)) for name in names]
        mixture = mixture.with_columns(fresh)
    return mixture


def _cells(policy: Policy, frame: pl.DataFrame, row: int) -> Cells:
    """A row of core facts as cells; what is not given is left out."""
    found: Cells = {}
    held = frame.row(row, named=True)
    for fact in policy.facts:
        value = held[fact.name]
        if held.get(f"{fact.name}·{policy.words['given']}", True):
            is_number = fact.kind in ("money", "count") and fact.step is not None
            scale = fact.step.denominator if fact.step is not None else 1
            found[fact.name] = shown(policy, Fraction(value, scale) if is_number else value)
    return found


def _result(pair: Pair, cells: Cells) -> Found | None:
    """What the two say of one household; None where they say the same."""
    own, edited = (_said(policy, cells) for policy in (pair.own, pair.edited))
    found = Found(pair, cells, own, edited)
    if isinstance(own, str) and isinstance(edited, str):
        return None
    return found if isinstance(own, str) != isinstance(edited, str) or found.differing else None


def _said(policy: Policy, cells: Cells) -> Mapping[str, Value] | str:
    """What every name comes to; the reason where the household is refused."""
    try:
        return decided(policy, Intake(policy, policy.since).household(cells)).names
    except HouseholdError as error:
        return error.problems[0].wrong.text()


# As plain as it can be ------------------------------------------------------------


def _plain(found: Found, start: Cells) -> Found:
    """The household with as little said as still tells the two apart: what a case begins with, blanks, round numbers."""
    is_changed = True
    while is_changed:
        is_changed = False
        for fresh in _plainer(found.cells, start):
            better = _result(found.pair, fresh)
            if better is not None and isinstance(better.own, str) == isinstance(found.own, str):
                found, is_changed = better, True
                break
    return found


def _plainer(cells: Cells, start: Cells) -> Iterator[Cells]:
    """`cells` with one thing made plainer, the plainest first."""
    if any(cells.get(name) != value for name, value in start.items()):
        for name, value in start.items():
            if cells.get(name) != value:
                yield {**cells, name: value}
    for name in cells:
        if name not in start:
            yield {other: value for other, value in cells.items() if other != name}
    for name, value in cells.items():
        if isinstance(value, str) and value != start.get(name):
            yield from ({**cells, name: text} for text in _rounder(value))


def _rounder(text: str) -> Iterator[str]:
    """Rounder numbers than the one that `text` writes."""
    value = number(text)
    if value is None:
        return
    for size in (10000, 1000, 100, 10, 1):
        whole = value // size * size
        if whole != value and str(whole) != text:
            yield str(whole)
            yield str(whole + size)
