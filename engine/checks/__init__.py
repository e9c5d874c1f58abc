"""A tuple of small checks: each finds what a policy says that cannot be meant.

`absence` absent facts · `texts` texts that are compared · `fitting` kinds and units · `bounds` what the declared bounds show · `lookups` tables ·
`approvals` levels of approval · `naming` unread names · `trials` made-up households; the quoted words are held against
the rules in `engine.quotes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.algebras.interval import Span
from engine.checks.absence import absences, absent_is_not_zero
from engine.checks.approvals import approvals_rise
from engine.checks.bounds import certainties, days, divisors, products, tiling
from engine.checks.examined import Examined
from engine.checks.fitting import kinds_fit
from engine.checks.lookups import lookups
from engine.checks.naming import headings, joins, unused
from engine.checks.texts import texts
from engine.checks.trials import ranges
from engine.policy import Policy
from engine.quotes import agree
from engine.source import Problem

__all__ = ["CHECKS", "check", "spans_of"]


def check(policy: Policy) -> tuple[Problem, ...]:
    """Every problem that `CHECKS` find in `policy`; warnings among them hinder nothing.

    Households are tried (`TRIALS`) only on a policy that nothing else is wrong with: only then is every rule total.
    """
    examined = Examined(policy)
    found = [problem for finder in CHECKS for problem in finder(examined)]
    if all(problem.is_warning for problem in found):
        found += [problem for finder in TRIALS for problem in finder(examined)]
    return tuple(found)


def spans_of(policy: Policy) -> dict[str, Span]:
    """Every value that each name of `policy` can have, given the declared bounds of the facts."""
    return Examined(policy).reading.names


def _quotes(examined: Examined) -> Iterator[Problem]:
    return agree(examined.policy)


CHECKS: tuple[Callable[[Examined], Iterator[Problem]], ...] = (
    absences,
    texts,
    kinds_fit,
    products,
    divisors,
    certainties,
    absent_is_not_zero,
    approvals_rise,
    tiling,
    lookups,
    days,
    unused,
    headings,
    joins,
    _quotes,
)
"""Every check, in the order in which problems are reported."""

TRIALS: tuple[Callable[[Examined], Iterator[Problem]], ...] = (ranges,)
"""What is found by deciding made-up households."""
