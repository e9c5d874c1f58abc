"""Arrow record batches decided one by one: what runs here in a loop runs in a cluster as well."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import pyarrow

from engine.batch import Run
from engine.messages import say
from engine.policy import Fact, Policy
from engine.source import Place, PolicyError, Problem, normal
from engine.stream.blocks import Tables
from engine.stream.deciding import Decided
from engine.stream.keys import Keys
from engine.stream.running import Pass, Streaming
from engine.stream.writing import ArrowTables
from engine.tables import Record, Source, TableError
from engine.tables.columns import named
from engine.tables.headings import Headings
from engine.tables.intake import Intake
from engine.tables.parquet import nameless, refusal, texts

__all__ = ["evaluate_batches", "unique_values"]

_NAME = "batches"


def evaluate_batches(
    policy: Policy,
    batches: Iterable[pyarrow.RecordBatch],
    *,
    repeated: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
    places: tuple[str, str] | None = None,
    today: datetime.date | None = None,
    language: str = "en",
) -> Iterator[pyarrow.RecordBatch]:
    """For each of `batches` (all of one schema) one with its columns, then the decision's, then why a row has none.

    Rows keep their order; wholly blank ones are left out. A row that cannot be decided has nothing in the decision's columns,
    and the reasons in `language` in the last, which is called by the policy's word for it. The answer for a row depends on
    that row alone, and on `repeated`: for each column of `unique_values` those values that stand in several rows of all that
    is decided, each with the number of its rows. `places` are the columns that say in which file and row of it each row
    stands, for the reasons. Columns that bring facts hold texts, whole numbers, decimals, truths or days; amounts come back
    as decimals, numbers without an end as texts. The schema of what comes back follows from that of `batches` alone: one
    without rows has it as well.

    Raises: HouseholdError where the columns are wrong; TableError where a fact stands in a column of another type, or a column
    has no name; PolicyError where the policy reads persons, or columns cannot compute it; ValueError where `repeated` names
    a column that is not there.
    """
    if policy.groups:
        wrong = say("The policy reads persons, and batches hold households only.")
        remedy = say("Evaluate files instead.")
        raise PolicyError((Problem(Place(str(Path(policy.folder) / "facts.yaml")), wrong, None, remedy),))
    asked = _Asked(policy, repeated, places, today or datetime.date.today(), language)
    return _answers(asked, iter(batches))


def unique_values(policy: Policy, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    """For each of `batches` one with those of its columns that must be unique among rows: the values that tell rows apart.

    Every value is a text, one for all spellings of it; null where a cell is blank or cannot be read. All rows are there, in
    their order. Other columns need not be there.
    """
    by_name = named(policy.facts)
    for batch in batches:
        found = {name: by_name.get(normal(name)) for name in batch.schema.names}
        unique = {name: fact for name, fact in found.items() if fact is not None and fact.is_unique}
        keys = [_keys(policy, fact, batch.column(name)) for name, fact in unique.items()]
        yield pyarrow.RecordBatch.from_arrays(keys, names=list(unique))


def _keys(policy: Policy, fact: Fact, column: Any) -> Any:
    cells = pl.Series(pl.from_arrow(texts(column)), dtype=pl.String)
    return Keys(fact, policy.words).of(cells).to_arrow().cast(pyarrow.string())


@dataclass(frozen=True)
class _Asked:
    """What is asked for every batch."""

    policy: Policy
    repeated: Mapping[str, Mapping[str, int]]
    places: tuple[str, str] | None
    today: datetime.date
    language: str


def _answers(asked: _Asked, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    first = next(batches, None)
    if first is None:
        return
    answering = _Answering(asked, _Table(asked.policy, first.schema))
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
        problems += nameless(schema.names, Place(_NAME))
        if problems:
            raise TableError(tuple(problems))
        self._is_read = [refused[schema.names[at]] is None for at in self.headings.columns]

    def records(self) -> Iterator[Record]:
        """None: rows come with the batches."""
        return iter(())

    def batches(self, wanted: Collection[int] | None = None) -> Iterator[Any]:
        """None: they are handed over one by one."""
        return iter(())

    def position(self) -> tuple[int, int]:
        """Nowhere: nobody knows how many there will be."""
        return 0, 0

    def texts(self, batch: Any) -> Any:
        """One of the batches as texts, its columns called by their numbers; nothing of those that no fact could stand in."""
        nothing = pyarrow.nulls(batch.num_rows, pyarrow.string())
        columns = [
            texts(batch.column(at)) if is_read else nothing
            for at, is_read in zip(self.headings.columns, self._is_read, strict=True)
        ]
        return pyarrow.RecordBatch.from_arrays(columns, names=[str(index) for index in range(len(columns))])


class _Apart(Pass):
    """A pass in which no row is compared with another: `found` says for each column what stands in several rows."""

    def __init__(self, streaming: Streaming, run: Run, found: Mapping[str, Mapping[str, int]]) -> None:
        super().__init__(streaming, run)
        self._found = {run.columns.written.index(name.strip()): dict(values) for name, values in found.items()}
        self._repeats.know(self._found)

    def repeated(self) -> dict[int, dict[str, int]]:
        """What is said of each column."""
        return self._found


class _Answering:
    """Answers batch after batch."""

    def __init__(self, asked: _Asked, table: _Table) -> None:
        streaming = Streaming(asked.policy)
        passes: list[_Apart] = []

        def begin(run: Run) -> Pass:
            passes.append(_Apart(streaming, run, asked.repeated))
            return passes[0]

        self._table = table
        self._places = asked.places
        self._run = Run(asked.policy, table, Intake(asked.policy, asked.today), asked.language, by_columns=begin)
        self._tables = Tables(table, self._run.kept)
        self._decider = passes[0].decider()
        self._made = ArrowTables(streaming.kernel, streaming.headings, ())

    def answer(self, batch: Any, before: int) -> pyarrow.RecordBatch:
        """`batch` with its decisions, its rows counted on from `before`."""
        found = self._decider.decide(self._tables.block(self._tables.rows(batch, before + 1)))
        number = pl.Series(_NAME, found.numbers)
        decided = self._made.decision(found.decided).with_columns(number)
        reasons = self._reasons(found, self._placed(batch, before))
        rows = _all_rows(number, reasons).join(decided, on=_NAME, how="left", maintain_order="left")
        kept = [self._table.headings.columns[index] for index in self._run.kept]
        own = batch.select(kept).take((rows.get_column(_NAME) - before - 1).to_arrow())
        reason = self._run.reason
        answer = rows.select([*(name for name in decided.columns if name != _NAME), reason]).to_arrow().combine_chunks()
        columns = [*own.columns, *(_whole(column) for column in answer.columns)]
        return pyarrow.RecordBatch.from_arrays(columns, names=[*self._run.columns.written, *answer.column_names])

    def _placed(self, batch: Any, before: int) -> Callable[[int, Problem], Problem]:
        """What puts a problem of a row, by its number, where `places` say that the row stands."""
        if self._places is None:
            return lambda number, problem: problem
        file, row = (batch.column(name) for name in self._places)

        def placed(number: int, problem: Problem) -> Problem:
            at = number - before - 1
            return replace(problem, place=replace(problem.place, file=file[at].as_py(), line=row[at].as_py()))

        return placed

    def _reasons(self, found: Decided, placed: Callable[[int, Problem], Problem]) -> pl.DataFrame:
        """The rows that are not decided, with the reasons."""
        told = {
            rejected.record.number: tuple(placed(rejected.record.number, problem) for problem in rejected.problems)
            for rejected in found.rejected
        }
        reasons = [self._run.reasons(problems) for problems in told.values()]
        schema = {_NAME: pl.Int64, self._run.reason: pl.String}
        return pl.DataFrame({_NAME: list(told), self._run.reason: reasons}, schema=schema)


def _all_rows(numbers: pl.Series, reasons: pl.DataFrame) -> pl.DataFrame:
    """The decided rows `numbers` beside those that `reasons` tells of, in order."""
    good = pl.DataFrame([numbers]).with_columns(pl.lit(None, pl.String).alias(reasons.columns[1]))
    return pl.concat([good, reasons]).sort(_NAME)


def _whole(column: Any) -> Any:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else pyarrow.concat_arrays(column.chunks)
