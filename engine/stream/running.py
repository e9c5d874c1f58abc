"""The run: blocks read in order, decided by several threads, and written in order; few of them at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.batch import Progress, Run
from engine.decision import headings
from engine.kernel import Kernel, compile
from engine.policy import Policy
from engine.stream.blocks import Block, Blocks, Records, Tables
from engine.stream.counting import Counting
from engine.stream.deciding import Decided, Decider
from engine.stream.intake import ColumnIntake
from engine.stream.keys import Repeats
from engine.stream.ordered import in_order
from engine.stream.writing import ArrowTables, CsvLines, rows
from engine.tables import ColumnSource, ColumnTarget, Source
from engine.tables.csv import CsvSource, CsvTarget

__all__ = ["Pass", "Streaming"]

Part = TypeVar("Part")


@dataclass(frozen=True)
class _Done:
    """A block decided, and made ready for the file that takes it: lines of CSV, or an Arrow table."""

    found: Decided
    written: Any


class Streaming:
    """A policy compiled for runs by columns, that give `wanted`: every heading of a decision, or headings and names of the core.

    Raises: PolicyError where columns cannot compute it.
    """

    def __init__(self, policy: Policy, wanted: Sequence[str] | None = None) -> None:
        refusals = sorted({remark.when for remark in policy.refusals})
        self.policy = policy
        self.headings = headings(policy) if wanted is None else tuple(wanted)
        self.kernel = compile(policy, [*self.headings, *(name for name in refusals if name not in self.headings)])

    def begin(self, run: Run) -> Pass:
        """The passes that `run` makes over its table."""
        return Pass(self, run)


class Pass:
    """The passes of one run over its table: one for what stands in it twice, one that decides."""

    def __init__(self, streaming: Streaming, run: Run) -> None:
        self._streaming = streaming
        self._run = run
        policy, kernel = streaming.policy, streaming.kernel
        self._intake = ColumnIntake(policy, run.columns, run.intake, kernel)
        self._repeats = Repeats(policy, run.unique, self._intake, run.kept)
        self._blocks = None if policy.groups else _blocks(run.table, run.kept, self._intake.plain)

    def repeated(self) -> dict[int, dict[str, int]]:
        """For each unique column, the values that stand in several rows, with their number."""
        if self._blocks is not None:
            return self._repeats.find(self._blocks)
        found = self._run.repeats()
        self._repeats.know(found)
        return found

    def decide(self, first: int, progress: Progress | None) -> None:
        """Decide every row, told, written and counted as single rows are; keep the `first` decisions.

        Raises: TableError where a file cannot be read on, or written.
        """
        run, summary = self._run, self._run.summary
        counting = Counting(self._streaming.policy, self._streaming.kernel)
        before, total = run.people.size, run.table.position()[1]
        for done in self._decided():
            counting.add(summary, done.found.decided)
            summary.read += done.found.decided.height
            if len(summary.first) < first:
                self._keep(done.found, first)
            self._write(done)
            for rejected in done.found.rejected:
                run.set_aside(rejected.record, rejected.problems)
            if progress is not None:
                progress(before + done.found.block.done, before + total)

    @property
    def kernel(self) -> Kernel:
        """What decides the blocks."""
        return self._streaming.kernel

    def each(self, work: Callable[[Block], Part]) -> Iterator[Part]:
        """What `work` makes of each block of the table, in order; a few of them at any time are being worked on."""
        blocks: Any = self._blocks
        if blocks is None:
            run = self._run
            kinds = None if run.policy.groups else self._intake.kinds
            return map(work, Records(run.table, run.kept, kinds, run.policy.words).blocks())
        return in_order(lambda chunk: work(blocks.block(chunk)), blocks.chunks())

    def decider(self) -> Decider:
        """What decides the blocks of this run."""
        return Decider(self._run, self._streaming.kernel, self._intake, self._repeats)

    def _decided(self) -> Iterator[_Done]:
        """Every block decided, in order."""
        decider, ready = self.decider(), self._ready()

        def work(block: Block) -> _Done:
            found = decider.decide(block)
            return _Done(found, ready(found))

        return self.each(work)

    def _ready(self) -> Callable[[Decided], Any]:
        """What makes a decided block ready for the file of the result."""
        run, kernel, headings = self._run, self._streaming.kernel, self._streaming.headings
        if isinstance(run.good, CsvTarget):
            return CsvLines(kernel, headings).written
        if isinstance(run.good, ColumnTarget):
            tables = ArrowTables(kernel, headings, run.columns.written)
            run.good.declare(tables.schema())
            return tables.table
        return lambda found: None

    def _keep(self, found: Decided, first: int) -> None:
        """The decisions of the first rows, each made by itself."""
        summary = self._run.summary
        for number in found.numbers.head(first - len(summary.first)).to_list():
            summary.first.append((number, self._run.decision(found.record(number))))

    def _write(self, done: _Done) -> None:
        run = self._run
        if isinstance(run.good, CsvTarget):
            run.good.write_lines(done.written, done.found.decided.height)
        elif isinstance(run.good, ColumnTarget):
            run.good.write_table(done.written)
        elif run.good is not None:
            for cells in rows(done.found, self._streaming.kernel, self._streaming.headings):
                run.good.write(cells)


def _blocks(table: Source, kept: Sequence[int], plain: Mapping[int, str]) -> Blocks | Tables | None:
    """The blocks of a table whose cells are texts; None where they are anything else."""
    if isinstance(table, CsvSource):
        return Blocks(table, kept, plain)
    return Tables(table, kept) if isinstance(table, ColumnSource) else None
