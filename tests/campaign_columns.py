"""Columns against exact on many made-up households of 2023: every rule, every output, every cell, each reading in turn.

    python tests/campaign_columns.py --count 1000000 --seed 1 --processes 2

prints one line of figures, and exits 1 where the two differ; the first differences are shown with the block they are in.
Households come in blocks, each with a seed of its own: the same count and seed are the same households on any machine.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Iterator
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from columns_and_exact import exact_changes, exact_names, kernel_of, wrong
from households_2023 import households

from engine import Policy, load
from engine.kernel import Kernel
from engine.tables.intake import Intake

__all__ = ["main"]

FOLDER = Path(__file__).parent.parent / "policies" / "2023"
TODAY = datetime.date(2023, 8, 1)

_BLOCK = 5_000
_SHOWN = 5

Block = tuple[int, int, str]
"""The seed of a block, how many households it has, and the question that it is also read the other way for."""


@cache
def policy(*questions: str) -> Policy:
    """The policy of 2023 as read, or under the other reading of a question."""
    return load(FOLDER, questions=questions)


@cache
def kernel(*questions: str) -> Kernel:
    """The same, compiled for columns."""
    return kernel_of(policy(*questions))


def differences(block: Block) -> list[str]:
    """Where columns differ from exact for the households of one block, as read and under the other reading."""
    seed, count, question = block
    base, other = policy(), policy(question)
    made = [Intake(base, TODAY).household(one) for one in households(seed, count)]
    known = exact_names(base, made)
    found = [f"block {block}: {text}" for text in wrong(base, made, known, kernel())]
    if other.facts != base.facts:
        made = [Intake(other, TODAY).household(one) for one in households(seed, count)]
    changed = exact_changes(other, made, base, known)
    return found + [f"block {block}: other reading: {text}" for text in wrong(other, made, changed, kernel(question))]


def blocks(count: int, seed: int) -> Iterator[Block]:
    """The blocks of a campaign."""
    questions = [question.name for question in policy().questions]
    for at, first in enumerate(range(0, count, _BLOCK)):
        yield seed * 1_000_000 + at, min(_BLOCK, count - first), questions[at % len(questions)]


def run(count: int, seed: int, processes: int) -> list[str]:
    """Every difference for `count` households, shared out among `processes`."""
    if processes == 1:
        return [text for block in blocks(count, seed) for text in differences(block)]
    with get_context("spawn").Pool(processes) as pool:
        return [text for found in pool.imap(differences, blocks(count, seed)) for text in found]


def main(arguments: list[str] | None = None) -> int:
    """Run a campaign, print its figures; 1 where columns and exact differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    found = run(asked.count, asked.seed, asked.processes)
    names = len(kernel().outputs)
    took = time.monotonic() - begun
    print(
        f"seed {asked.seed}: {asked.count} households, each as read and under one other reading, {names} columns: "
        f"{len(found)} columns of a block differ from exact; {took:.0f} s"
    )
    for text in found[:_SHOWN]:
        print(text, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
