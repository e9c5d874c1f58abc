"""The run: blocks read in order, decided by several threads, and written in order; few of them at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.batch import Progress, Run
from engine.decision import headings
from engine.kernel import Kernel, compile
from engine.policy import Policy
from engine.stream.blocks import Block, Records
from engine.stream.counting import Counting
from engine.stream.deciding import Decided, Decider
from engine.stream.intake import ColumnIntake
from engine.stream.keys import Repeats
from engine.stream.lines import lines_into
from engine.stream.ordered import in_order
from engine.stream.persons import Persons, are_columns
from engine.stream.shares import blocks_of
from engine.stream.writing import ArrowTables, rows
from engine.tables import ColumnTarget, Source

__all__ = ["Pass", "Streaming"]

Part = TypeVar("Part")


@dataclass(frozen=True)
class _Way:
    """How decided blocks come into the file of the result: each is made ready, several at once, then written, in order."""

    make: Callable[[Decided], Any]
    write: Callable[[Any, Decided], None]


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
        self._blocks = blocks_of(run.table, run.kept, self._intake.plain) if are_columns(run) else None
        self._persons = None if self._blocks is None else Persons(run, kernel, self._intake)
        self._counting = Counting(policy, kernel)

    def read_persons(self, progress: Progress | None) -> None:
        """Read the tables of persons; `progress` hears how far that is.

        Raises: TableError where a file cannot be read on.
        """
        people = self._run.people if self._persons is None else self._persons
        people.read(progress, self._run.table.position()[1])

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
        run = self._run
        before, total = run.people.size, run.table.position()[1]
        decider, way = self.decider(), self._way()

        def work(block: Block) -> tuple[Decided, Any]:
            found = decider.decide(block)
            return found, way.make(found)

        for found, made in self.each(work):
            self.count(found, first)
            way.write(made, found)
            for rejected in found.rejected:
                run.set_aside(rejected.record, rejected.problems)
            if progress is not None:
                progress(before + found.block.done, before + total)
            del found, made  # or they would stand beside the next ones

    def count(self, found: Decided, first: int) -> None:
        """Count decided rows as single ones are, and keep their decisions where they are among the `first`."""
        summary = self._run.summary
        self._counting.add(summary, found.decided)
        summary.read += found.decided.height
        if len(summary.first) < first:
            self._keep(found, first)

    @property
    def kernel(self) -> Kernel:
        """What decides the blocks."""
        return self._streaming.kernel

    @property
    def headings(self) -> Sequence[str]:
        """What is asked of the kernel for each row."""
        return self._streaming.headings

    @property
    def plain(self) -> Mapping[int, str]:
        """What the plain cells of a kept column match, for each that has a plain way of writing."""
        return self._intake.plain

    def records(self, table: Source) -> Records:
        """What makes records of `table` into blocks."""
        kinds = None if self._run.policy.groups else self._intake.kinds
        return Records(table, self._run.kept, kinds, self._run.policy.words)

    def each(self, work: Callable[[Block], Part]) -> Iterator[Part]:
        """What `work` makes of each block of the table, in order; a few of them at any time are being worked on."""
        blocks = self._blocks
        if blocks is None:
            table = self._run.table
            records = self.records(table)
            return (work(records.block(chunk)) for chunk in Records.chunks(table))
        return in_order(lambda chunk: work(blocks.block(chunk)), blocks.chunks())

    def decider(self) -> Decider:
        """What decides the blocks of this run."""
        return Decider(self._run, self._streaming.kernel, self._intake, self._repeats, self._persons)

    def _way(self) -> _Way:
        """The way of the result that is asked for."""
        good, kernel, headings = self._run.good, self._streaming.kernel, self._streaming.headings
        if good is None:
            return _Way(lambda _: None, lambda *_: None)
        brought = self._run.columns.written
        if isinstance(good, ColumnTarget):
            tables = ArrowTables(kernel, headings, brought)
            good.declare(tables.schema())
            return _Way(tables.table, lambda table, _: good.write_table(table))
        lines = lines_into(good, kernel, headings, brought)
        if lines is not None:
            return _Way(lines.made, lambda made, found: lines.write(made, found.decided.height))
        take = good.write

        def write(_: None, found: Decided) -> None:
            for cells in rows(found, kernel, headings):
                take(cells)

        return _Way(lambda _: None, write)

    def _keep(self, found: Decided, first: int) -> None:
        """The decisions of the first rows, each made by itself."""
        summary = self._run.summary
        for number in found.numbers.head(first - len(summary.first)).to_list():
            summary.first.append((number, self._run.decision(found.record(number))))
