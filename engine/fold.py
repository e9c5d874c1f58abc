"""The fold: each rule in order, in the algebra handed to it. Imports no algebra and never branches on a household."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from engine.expression import Algebra, Reader
from engine.policy import Policy

__all__ = ["fold"]

V = TypeVar("V")


def fold(policy: Policy, facts: Mapping[str, V], algebra: Algebra[V]) -> dict[str, V]:
    """Every name of `policy` with its value in `algebra`: the figures, then `facts`, then each rule in order.

    `facts` holds a value for every core fact (what a blank means is settled before).
    """
    names = {figure.name: algebra.named(figure.name, algebra.number(figure.value)) for figure in policy.figures}
    names.update({name: algebra.named(name, value) for name, value in facts.items()})
    reader = Reader(algebra, names)
    for rule in policy.rules:
        names[rule.name] = algebra.named(rule.name, reader.read(rule.expression))
    return names
