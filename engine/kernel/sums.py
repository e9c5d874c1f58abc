"""What several sums have in common, added up once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import gcd

__all__ = ["Sum", "shared"]

Sum = dict[int, int]
"""Parts, each a number of its own, with their weights."""

_Pair = tuple[int, int, int, int]


def shared(sums: Sequence[Mapping[int, int]], first: int) -> tuple[list[Sum], dict[int, Sum]]:
    """`sums` written over new parts, each a sum of two parts that several of them share; and those new parts.

    New parts are numbered from `first`. The pair that most sums share is taken first, the earliest of equals.
    """
    written = [dict(weights) for weights in sums]
    counts = Counter(pair for weights in written for pair in _pairs(weights))
    made: dict[int, Sum] = {}
    while (most := max(counts.values(), default=0)) > 1:
        pair = min(pair for pair, count in counts.items() if count == most)
        part = first + len(made)
        one, weight, other, another = pair
        made[part] = {one: weight, other: another}
        for weights in written:
            if one in weights and other in weights and weights[one] * another == weights[other] * weight:
                counts.subtract(_pairs(weights))
                weights[part] = weights.pop(one) // weight
                del weights[other]
                counts.update(_pairs(weights))
        del counts[pair]
    return written, made


def _pairs(weights: Mapping[int, int]) -> Iterator[_Pair]:
    """Every two parts with their weights in lowest terms, the first above zero."""
    parts = sorted(weights)
    for index, one in enumerate(parts):
        for other in parts[index + 1 :]:
            common = gcd(weights[one], weights[other]) * (1 if weights[one] > 0 else -1)
            yield one, weights[one] // common, other, weights[other] // common
