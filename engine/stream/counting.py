"""What a block comes to, counted into the summary of its run as single decisions are."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import polars as pl

from engine.batch import Summary
from engine.kernel import Kernel, Typed
from engine.policy import Output, Policy

__all__ = ["Counting"]


class Counting:
    """Counts decided rows into a summary; what it meets first comes first, as with single decisions."""

    def __init__(self, policy: Policy, kernel: Kernel) -> None:
        self._policy = policy
        self._kernel = kernel

    def add(self, summary: Summary, decided: pl.DataFrame) -> None:
        """Count every row in."""
        summary.decided += decided.height
        for part, counts in (
            ("category", summary.categories),
            ("conclusion", summary.conclusions),
            ("approval", summary.approvals),
        ):
            self._count(counts, self._policy.output(part), decided)
        self._aids(summary, decided)
        summary.total += self._sum(self._policy.output("total"), decided)
        summary.payable += self._sum(self._policy.output("payable"), decided)

    def _count(self, counts: Counter[str], output: Output | None, decided: pl.DataFrame) -> None:
        if not decided.height:
            return
        if output is None:
            counts[""] += decided.height
            return
        found = decided.get_column(output.heading).to_frame("").group_by("", maintain_order=True).len()
        for value, count in found.iter_rows():
            counts[str(value)] += count

    def _aids(self, summary: Summary, decided: pl.DataFrame) -> None:
        """Each aid that somebody gets, the one that is met first in front."""
        met: list[tuple[int, int, Output, int]] = []
        for order, output in enumerate(out for out in self._policy.outputs if out.part == "aid"):
            if self._kernel.outputs[output.heading].kind != "number":
                continue
            given = decided.get_column(output.heading) != 0
            count = int(given.sum())
            if count:
                met.append((given.arg_max() or 0, order, output, count))
        for _, _, output, count in sorted(met, key=lambda found: found[:2]):
            summary.aids[output.heading] += count
            summary.money[output.heading] = summary.money.get(output.heading, 0) + self._sum(output, decided)

    def _sum(self, output: Output | None, decided: pl.DataFrame) -> int | Fraction:
        """All amounts of a column together."""
        found = None if output is None else self._kernel.outputs[output.heading]
        if output is None or found is None or found.kind != "number" or not decided.height:
            return 0
        total = _divided(decided, output.heading, found) if found.below else _whole(decided, output.heading, found)
        return total.numerator if total.denominator == 1 else total


def _whole(decided: pl.DataFrame, heading: str, found: Typed) -> Fraction:
    return Fraction(int(decided.get_column(heading).cast(pl.Int128).sum()), found.scale)


def _divided(decided: pl.DataFrame, heading: str, found: Typed) -> Fraction:
    rows = decided.select(heading, found.below).iter_rows()
    return sum((Fraction(above, below) for above, below in rows), Fraction(0))
