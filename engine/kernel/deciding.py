"""The kernel: a policy that decides whole columns of households, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import polars as pl

from engine.kernel.facts import Typed
from engine.kernel.frames import Block, as_decimals, as_typed, blocks, rendered
from engine.kernel.program import ROW, Program
from engine.kernel.remarks import Wording
from engine.messages import Words

__all__ = ["Kernel"]

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

_NUMBER = Typed("number", pl.Int64())


@dataclass(frozen=True)
class Kernel:
    """A policy compiled for columns: what it needs of each household (`facts`) and of each person of each group (`persons`),
    and what it gives (`outputs`), in order.

    `program` computes the columns `computed`; `worded` are texts made of them, `certain` texts that every row has.
    """

    facts: Mapping[str, Typed]
    persons: Mapping[str, Mapping[str, Typed]]
    outputs: Mapping[str, Typed]
    words: Words
    program: Program
    computed: tuple[str, ...]
    worded: Mapping[str, Wording]
    certain: Mapping[str, str]

    def decide(self, frame: Frame, persons: Mapping[str, pl.DataFrame] | None = None) -> Frame:
        """A row of `outputs` for each row of `frame`, in the same order; no null in either.

        `frame` holds the columns `facts`, their values within the bounds that the policy declares; a lazy one is decided
        piece by piece as it comes. `persons` holds for each group its persons, with the number of each one's household in
        the column `ROW`, from 0 and in rising order.

        Raises: ValueError where a column is missing, of another kind, or holds a null.
        """
        if isinstance(frame, pl.LazyFrame):
            schema = {name: column.dtype for name, column in self.outputs.items()}
            needed = frame.select(*self.facts) if self.facts else frame
            return needed.map_batches(self._all_decided, schema=schema, streamable=True)
        return self._all_decided(frame, persons)

    def _all_decided(self, frame: pl.DataFrame, persons: Mapping[str, pl.DataFrame] | None = None) -> pl.DataFrame:
        households = as_typed(frame, self.facts)
        people = {
            group: as_typed((persons or {})[group], {ROW: _NUMBER, **facts}) for group, facts in self.persons.items()
        }
        parts = blocks(households, people)
        if len(parts) == 1:
            return self._decided(parts[0])
        with ThreadPoolExecutor(min(len(parts), pl.thread_pool_size())) as workers:
            return pl.concat(workers.map(self._decided, parts), rechunk=False)

    def _decided(self, block: Block) -> pl.DataFrame:
        """The outputs for the households of one block."""
        rows = block[0].height
        columns = self.program.run(*block)
        whole = [column if len(column) == rows else column.new_from_index(0, rows) for column in columns]
        found = pl.DataFrame([column.alias(name) for name, column in zip(self.computed, whole, strict=True)])
        made = {name: found.get_column(name) for name in self.outputs if name in self.computed}
        made |= {name: worded.texts(found, rows) for name, worded in self.worded.items()}
        made |= {name: pl.Series([text]).new_from_index(0, rows) for name, text in self.certain.items()}
        return pl.DataFrame([made[name].alias(name) for name in self.outputs])

    def all_match(self, name: str, pattern: str) -> bool:
        """Whether it is known that every text in the column `name` of what was decided so far matches `pattern`.

        A text that is made of several matches where each of them does with what stands between them behind it.
        """
        dtype = self.outputs[name].dtype
        if name in self.worded:
            return self.worded[name].all_match(pattern)
        texts = pl.Series([self.certain[name]]) if name in self.certain else None
        if isinstance(dtype, pl.Enum):
            texts = dtype.categories
        return texts is not None and bool(texts.filter(texts != "").str.contains(pattern).all())

    def showing(self, decimals: Mapping[str, int]) -> Kernel:
        """The same, that shows amounts which are not whole with at least so many `decimals`; none where nothing is said."""
        outputs = {name: replace(found, decimals=decimals.get(name, 0)) for name, found in self.outputs.items()}
        return replace(self, outputs=outputs)

    def decimals(self, decided: pl.DataFrame, name: str) -> pl.Series | None:
        """The numbers in the column `name` as decimals; None where they have no end, or 64 bits may not hold them."""
        return as_decimals(decided.get_column(name), self.outputs[name])

    def rendered(self, decided: pl.DataFrame) -> pl.DataFrame:
        """What was decided, or some columns of it, as cells show it: every column a text."""
        names = [name for name in decided.columns if self.outputs[name].kind != "below"]
        return pl.DataFrame(self.shown(decided, names))

    def shown(self, decided: pl.DataFrame, names: Sequence[str]) -> dict[str, pl.Series]:
        """The columns `names` of what was decided, as cells show them; what divides them stands in `decided` too."""
        return rendered(decided, {name: self.outputs[name] for name in names}, self.words)
