"""Arrow record batches decided one by one: what runs here in a loop runs in a cluster as well."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import polars.selectors as cs
import pyarrow

from engine.batch import Run
from engine.messages import say
from engine.policy import Policy
from engine.source import Place, PolicyError, Problem
from engine.stream.blocks import Rows, Tables
from engine.stream.deciding import Decided
from engine.stream.running import Pass, Streaming
from engine.stream.writing import ArrowTables
from engine.tables import Record, Source, TableError
from engine.tables.columns import named
from engine.tables.headings import Headings
from engine.tables.intake import Intake
from engine.tables.parquet import refusal, texts

__all__ = ["evaluate_batches"]

_NAME = "batches"


def evaluate_batches(
    policy: Policy,
    batches: Iterable[pyarrow.RecordBatch],
    *,
    today: datetime.date | None = None,
    language: str = "en",
) -> Iterator[pyarrow.RecordBatch]:
    """For each of `batches` (all of one schema) one with its columns, then the decision's, then why a row has none.

    Rows keep their order; wholly blank ones are left out. A row that cannot be decided has nothing in the decision's columns,
    and the reasons in `language` in the last, which is called by the policy's word for it. The answer for a row depends on
    that row alone: what must be unique among rows is not compared. Columns that bring facts hold texts, whole numbers,
    decimals, truths or days; amounts come back as decimals, numbers without an end as texts.

    Raises: HouseholdError where the columns are wrong; TableError where a fact stands in a column of another type;
    PolicyError where the policy reads persons, or columns cannot compute it.
    """
    if policy.groups:
        wrong = say("The policy reads persons, and batches hold households only.")
        remedy = say("Evaluate files instead.")
        raise PolicyError((Problem(Place(str(Path(policy.folder) / "facts.yaml")), wrong, None, remedy),))
    return _answers(policy, iter(batches), today or datetime.date.today(), language)


def _answers(
    policy: Policy, batches: Iterator[pyarrow.RecordBatch], today: datetime.date, language: str
) -> Iterator[pyarrow.RecordBatch]:
    first = next(batches, None)
    if first is None:
        return
    answering = _Answering(policy, _Table(policy, first.schema), today, language)
    done = 0
    for batch in itertools.chain([first], batches):
        yield answering.answer(batch, done)
        done += batch.num_rows


class _Table:
    """The columns of batches as those of a table that holds no row by itself."""

    format = _NAME
    name = _NAME
    encoding: str | None = None
    persons: Mapping[str, Source] = MappingProxyType({})

    def __init__(self, policy: Policy, schema: Any) -> None:
        facts = named(policy.facts)
        self.headings = Headings.read(schema.names, Place(_NAME))
        self.header = self.headings.names
        refused = {name: refusal(name, schema.field(at).type) for at, name in enumerate(schema.names)}
        problems = [
            Problem(Place(_NAME), *found) for name, found in refused.items() if found is not None and name in facts
        ]
        if problems:
            raise TableError(tuple(problems))
        self._is_read = [refused[schema.names[at]] is None for at in self.headings.columns]

    def records(self) -> Iterator[Record]:
        """None: rows come with the batches."""
        return iter(())

    def batches(self) -> Iterator[Any]:
        """None: they are handed over one by one."""
        return iter(())

    def position(self) -> tuple[int, int]:
        """Nowhere: nobody knows how many there will be."""
        return 0, 0

    def rows(self, batch: Any, before: int) -> Rows:
        """The rows of `batch` as texts, counted on from `before`; nothing of the columns that no fact could stand in."""
        nothing = pyarrow.nulls(batch.num_rows, pyarrow.string())
        columns = [
            texts(batch.column(at)) if is_read else nothing
            for at, is_read in zip(self.headings.columns, self._is_read, strict=True)
        ]
        names = [str(index) for index in range(len(columns))]
        return Rows(pl.DataFrame(pl.from_arrow(pyarrow.Table.from_arrays(columns, names=names))), before + 1)


class _Apart(Pass):
    """A pass in which no row is compared with another."""

    def repeated(self) -> dict[int, dict[str, int]]:
        """Nothing stands twice."""
        return {}


class _Answering:
    """Answers batch after batch."""

    def __init__(self, policy: Policy, table: _Table, today: datetime.date, language: str) -> None:
        streaming = Streaming(policy)
        passes: list[_Apart] = []

        def begin(run: Run) -> Pass:
            passes.append(_Apart(streaming, run))
            return passes[0]

        self._table = table
        self._run = Run(policy, table, Intake(policy, today), language, by_columns=begin)
        self._tables = Tables(table, self._run.kept)
        self._decider = passes[0].decider()
        self._made = ArrowTables(streaming.kernel, streaming.headings, ())

    def answer(self, batch: Any, before: int) -> pyarrow.RecordBatch:
        """`batch` with its decisions, its rows counted on from `before`."""
        found = self._decider.decide(self._tables.block(self._table.rows(batch, before)))
        number = pl.Series(_NAME, found.numbers)
        decided = self._made.decision(found.decided).with_columns(number, cs.enum().cast(pl.String))
        rows = pl.DataFrame(self._reasons(found, number)).join(decided, on=_NAME, how="left", maintain_order="left")
        kept = [self._table.headings.columns[index] for index in self._run.kept]
        own = batch.select(kept).take(pyarrow.array(rows.get_column(_NAME) - before - 1))
        reason = self._run.reason
        answer = rows.select([*(name for name in decided.columns if name != _NAME), reason]).to_arrow().combine_chunks()
        columns = [*own.columns, *(_whole(column) for column in answer.columns)]
        return pyarrow.RecordBatch.from_arrays(columns, names=[*self._run.columns.written, *answer.column_names])

    def _reasons(self, found: Decided, numbers: pl.Series) -> pl.DataFrame:
        """Every row that has an answer, in order, with the reasons of those that are not decided."""
        told = {rejected.record.number: self._run.reasons(rejected.error.problems) for rejected in found.rejected}
        rejected = pl.DataFrame(
            {_NAME: list(told), self._run.reason: list(told.values())},
            schema={_NAME: pl.Int64, self._run.reason: pl.String},
        )
        good = pl.DataFrame([numbers]).with_columns(pl.lit(None, pl.String).alias(self._run.reason))
        return pl.concat([good, rejected]).sort(_NAME)


def _whole(column: Any) -> Any:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else pyarrow.concat_arrays(column.chunks)
