"""A population made up for a policy: households at large, and households on its lines and just beside them.

    draws    what a fact can be, drawn at large
    lines    where a rule compares, caps or rounds, and the households that are found there

Nothing here knows any scheme: what a household can be is said by the facts, their bounds, steps, choices and tables, and by the
worked cases; where the lines are is said by the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from engine.algebras.exact import Value
from engine.decision import shown
from engine.policy import Policy
from engine.population.draws import Draws, Given
from engine.population.lines import Lines
from engine.tables.intake import HouseholdError, Intake

__all__ = ["Cells", "population"]

Cells = dict[str, object]
"""A household as cells write it: a text for each fact that is given, and under a group the list of its persons' likewise."""

_ON_LINES = 3
"""So many of four households are sought on lines; the others are drawn at large."""
_MOST_MISSES = 3
"""A line that so often gave no household that is new is given up."""
_ONE_REFUSED_OF = 50
"""One of so many may be a household that cannot be brought in: what it leaves blank is in no table."""


def population(
    policy: Policy,
    count: int,
    seed: int,
    models: Sequence[Mapping[str, object]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Cells, ...]:
    """`count` different households for `policy`, the same for the same `seed` on every machine; households of one line together.

    `models` are households to begin from, as people write them (the worked cases); those that cannot be read are passed over.
    """
    random = Random(seed)
    draws = Draws(policy, models, random)
    found: dict[str, Given] = {}
    refused: list[Given] = []
    intake = Intake(policy, policy.since)

    def keep(given: Given) -> None:
        if len(found) >= count or repr(given) in found:
            return
        try:
            intake.household(given)
        except HouseholdError:
            if len(refused) * _ONE_REFUSED_OF >= count:
                return
            refused.append(given)
        found[repr(given)] = given
        if progress is not None:
            progress(len(found), count)

    _sought(Lines(policy, draws, random), count * _ON_LINES // 4, found, keep)
    for given in islice(_at_large(draws, random), 20 * count):
        keep(given)
    return tuple(_cells(policy, given) for given in found.values())


def _sought(lines: Lines, wanted: int, found: Mapping[str, Given], keep: Callable[[Given], None]) -> None:
    """Keep households of each line in turn, until there are as many as `wanted` or no line gives any more."""
    left = dict.fromkeys(lines.all)
    while left and len(found) < wanted:
        share = -(-(wanted - len(found)) // len(left))
        for line in tuple(left):
            until, misses = min(len(found) + share, wanted), 0
            while len(found) < until and misses < _MOST_MISSES:
                before = len(found)
                for given in lines.beside(line)[: until - before]:
                    keep(given)
                misses += len(found) == before
            if misses == _MOST_MISSES:
                del left[line]


def _at_large(draws: Draws, random: Random) -> Iterator[Given]:
    while True:
        yield draws.household() if random.randrange(2) else draws.like_a_model()


def _cells(policy: Policy, given: Given) -> Cells:
    def texts(values: Mapping[str, Value]) -> dict[str, str]:
        return {name: shown(policy, value) for name, value in values.items()}

    return {
        name: [texts(person) for person in value] if isinstance(value, list) else shown(policy, value)
        for name, value in given.items()
    }
