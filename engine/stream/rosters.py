"""The persons of a table of their own, read by whole columns and kept by the key of their household.

Kept is what decides: typed columns in which the persons of a household stand together, and for each person the number
of the row, by which it is read again where the row itself is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from engine.kernel import Typed
from engine.messages import Words
from engine.stream.again import Again, again
from engine.stream.blocks import Block, TextBlocks
from engine.stream.intake import Reading
from engine.stream.keys import Keys, repeated
from engine.stream.ordered import in_order
from engine.tables import Record
from engine.tables.cells import key_of
from engine.tables.rosters import Roster

__all__ = ["Found", "KeptPersons", "RosterReader"]

_HASH, _KEY, _COUNT, _NUMBER, _GOOD, _MARK = "=hash", "=key", "=count", "=number", "=good", "=mark"
_SHARES = 16
_MOST_AT_ONCE, _MOST_RECENT, _MOST_EXPECTED = 1_000, 4_000, 50_000


@dataclass(frozen=True)
class _Part:
    """Some persons with a key, in the order of their rows, in shares by what their key is hashed to: the hash and the key,
    the number of the row, whether it is good, and values.

    `without` are the rows of those without a key; `marks` says for what must be unique which hash it has in which row.
    `done` is how far the table is read.
    """

    shares: list[pl.DataFrame]
    without: Sequence[int]
    marks: Sequence[pl.DataFrame]
    done: int


class RosterReader:
    """Reads the table of `roster`, whose `blocks` bring facts of persons by `reading`; values of the facts `types` are kept."""

    def __init__(
        self, roster: Roster, blocks: TextBlocks, reading: Reading, types: Mapping[str, Typed], words: Words
    ) -> None:
        self._roster = roster
        self._blocks = blocks
        self._reading = reading
        self._words = words
        self._keys = Keys(roster.join.key, words)
        facts = [fact for fact in roster.group.facts if fact.name in types]
        self._kept = [pl.col(fact.name).cast(pl.Enum(fact.choices)) if fact.choices else fact.name for fact in facts]
        self._unique = {
            index: (fact, Keys(fact, words))
            for index, fact in enumerate(roster.columns.facts)
            if fact is not None and fact.is_unique and index != roster.join.theirs
        }
        self._again = again(roster.source)
        nothing = pl.DataFrame(schema={str(at): pl.String() for at in range(len(roster.header))})
        self._parts = [self._part(Block(pl.Series(dtype=pl.Int64()), nothing, (), 0))]

    def read(self) -> Iterator[int]:
        """Read the whole table, part by part; told after each is how far that is.

        Raises: TableError where the file cannot be read on.
        """
        for part in in_order(lambda chunk: self._part(self._blocks.block(chunk)), self._blocks.chunks()):
            self._parts.append(part)
            yield part.done

    def _part(self, block: Block) -> _Part:
        values, good = self._reading.all(block.cells, is_plain=block.is_plain)
        keys = self._keys.of(block.cells.get_column(str(self._roster.join.theirs)))
        own = [keys.alias(_KEY), block.numbers.alias(_NUMBER), good.alias(_GOOD)]
        found = values.select(*own, *self._kept)
        others = [self._roster.person(record) for record in block.records]
        if others:
            found = pl.concat([found, self._others(others, found.schema)]).sort(_NUMBER)
        with_key = found.get_column(_KEY).is_not_null()
        without = found.get_column(_NUMBER).filter(~with_key).to_list()
        alone = {record.number for record in others}
        return _Part(
            _shares(found.filter(with_key)),
            [number for number in without if number in alone or block.record(number) is not None],
            [self._marks(block, others, index) for index in self._unique],
            block.done,
        )

    def _others(self, persons: Sequence[Record], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """Persons in rows that are not plain, none of them good here: of each only the household is read."""
        known: dict[str, list[Any]] = {
            _KEY: [self._roster.key_of(person) for person in persons],
            _NUMBER: [person.number for person in persons],
            _GOOD: [False] * len(persons),
        }
        return pl.DataFrame({name: known.get(name, [None] * len(persons)) for name in schema}, schema=schema)

    def _marks(self, block: Block, others: Sequence[Record], index: int) -> pl.DataFrame:
        """A number of 64 bits for each value in the column `index` of what must be unique."""
        fact, keys = self._unique[index]
        readable = [record for record in others if record.problem is None]
        more = pl.Series([key_of(fact, record.cells[index], self._words) for record in readable], dtype=pl.String)
        values = pl.concat([keys.of(block.cells.get_column(str(index))), more])
        numbers = pl.concat([block.numbers, pl.Series([record.number for record in readable], dtype=pl.Int64)])
        found = pl.DataFrame([_hashed(values).alias(_MARK), numbers.shrink_dtype().alias(_NUMBER)])
        return found.filter(values.is_not_null())

    def kept(self) -> KeptPersons:
        """All that was read. Those who may share what must be unique have been seen one by one."""
        parts, several = self._parts, self._several()
        self._roster.see(map(self._roster.person, _one_by_one(self._again, several)))
        without = [number for part in parts for number in part.without]
        shares = []
        for at in range(_SHARES):
            persons = _all_of([part.shares[at] for part in parts])
            for part in parts:
                part.shares[at] = part.shares[at].clear()
            if len(several):
                persons = persons.with_columns(pl.col(_GOOD) & ~pl.col(_NUMBER).is_in(several.implode()))
            shares.append(_sorted(persons))
        return KeptPersons(self._roster, shares, without, self._again)

    def _several(self) -> pl.Series:
        """The rows that may share what must be unique, in order."""
        found = [pl.Series(_NUMBER, dtype=pl.Int64())]
        for at in range(len(self._unique)):
            marks = [part.marks[at] for part in self._parts]
            more = repeated([some.get_column(_MARK) for some in marks]).implode()
            found += [some.filter(pl.col(_MARK).is_in(more)).get_column(_NUMBER).cast(pl.Int64) for some in marks]
        return pl.concat(found).unique().sort()


def _shares(persons: pl.DataFrame) -> list[pl.DataFrame]:
    """The rows of `persons` with the hash of their key, cut by it into shares of which one after the other can be sorted."""
    hashed = pl.DataFrame([_hashed(persons.get_column(_KEY)).alias(_HASH), *(one.shrink_dtype() for one in persons)])
    share = pl.col(_HASH) // (2**64 // _SHARES)
    found = (hashed.filter(share == at) for at in range(_SHARES))
    return [one.with_columns(_compact(one.get_column(_KEY))) for one in found]


def _all_of(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of `frames`, each column in a type that holds all of it."""
    return pl.concat(frames, how="vertical_relaxed", rechunk=True)


@dataclass(frozen=True)
class _Sorted:
    """Persons in an order in which those of a household stand together; for each household the hash, the key, the number of
    its persons, and whether all of them are good; for each person the number of the row, and values.
    """

    households: pl.DataFrame
    persons: pl.DataFrame


def _sorted(persons: pl.DataFrame) -> _Sorted:
    """`persons`, who come in the order of their rows, sorted by household: keys by what they are hashed to, then by themselves."""
    found = persons.sort(_HASH, maintain_order=True)
    is_new_hash, is_new_key = (pl.col(name) != pl.col(name).shift(1) for name in (_HASH, _KEY))
    if found.select((~is_new_hash & is_new_key).any()).item():
        found = persons.sort(_HASH, _KEY, _NUMBER)
    begins = found.select((is_new_hash | is_new_key).fill_null(True).arg_true()).to_series().cast(pl.Int64)
    ends = pl.concat([begins.slice(1), pl.Series([found.height])])
    bad = pl.concat([pl.Series([0]), (~found.get_column(_GOOD)).cast(pl.Int64).cum_sum()])
    households = [
        found.get_column(_HASH).gather(begins),
        _compact(found.get_column(_KEY).gather(begins)),
        (ends - begins).shrink_dtype().alias(_COUNT),
        (bad.gather(ends) == bad.gather(begins)).alias(_GOOD),
    ]
    return _Sorted(pl.DataFrame(households), found.drop(_HASH, _KEY, _GOOD))


def _compact(texts: pl.Series) -> pl.Series:
    """`texts` in memory of their own: some of many would hold on to that of all."""
    return pl.Series(texts.name, texts.to_arrow(compat_level=pl.CompatLevel.oldest()))


@dataclass(frozen=True)
class Found:
    """For each household its key, and its place among those kept, -1 where it has no persons; and whether all of these are good."""

    keys: pl.Series
    places: pl.Series
    good: pl.Series


class KeptPersons:
    """The persons of a table, in `shares` of rising hashes, by the key of their household; `without` are the rows of those
    without a key.
    """

    def __init__(self, roster: Roster, shares: Sequence[_Sorted], without: Sequence[int], again: Again) -> None:
        households = _all_of([share.households for share in shares])
        persons = _all_of([share.persons for share in shares])
        counts = households.get_column(_COUNT)
        self.count = persons.height + len(without)
        self._roster = roster
        self._without = without
        self._again = again
        self._hashes, self._keys = households.get_column(_HASH), households.get_column(_KEY)
        self._ends = pl.concat([pl.Series([0]), counts.cast(pl.Int64).cum_sum()])
        fits = counts.is_between(roster.group.at_least, roster.group.at_most)
        self._fits = households.get_column(_GOOD) & fits
        """For each key, whether all its persons are good, and as many as there may be."""
        self._numbers = persons.get_column(_NUMBER)
        self._values = persons.drop(_NUMBER)
        self._nobody_fits = roster.group.at_least == 0
        self._asked: list[pl.Series] = []
        self._expected: dict[str, int] = {}
        self._of = lru_cache(_MOST_RECENT)(self._read)

    def find(self, keys: pl.Series) -> Found:
        """The persons of the households `keys`, all of which from now on have been asked for."""
        if not len(self._keys):
            return Found(
                keys,
                pl.Series([-1], dtype=pl.Int64).new_from_index(0, len(keys)),
                keys.is_not_null() & self._nobody_fits,
            )
        hashes = _hashed(keys)
        places = self._hashes.search_sorted(hashes).clip(0, len(self._keys) - 1).cast(pl.Int64)
        same_hash = self._hashes.gather(places) == hashes
        same = ((self._keys.gather(places) == keys) & same_hash).fill_null(False)
        self._asked.append(places.filter(same).shrink_dtype())
        good = self._fits.gather(places).zip_with(same, ~same_hash & self._nobody_fits)
        return Found(keys, places.zip_with(same, pl.Series([-1])), good & keys.is_not_null())

    def persons(self, places: pl.Series, good: pl.Series) -> tuple[pl.Series, pl.DataFrame]:
        """The persons of the households that are `good`: the number of each one's household among all, and the values.

        `places` are those of the households' keys.
        """
        is_asked = good & (places >= 0)
        rows, found = is_asked.arg_true().cast(pl.Int64), places.filter(is_asked)
        spans = pl.DataFrame([rows.alias(_NUMBER), self._spans(found).alias(_KEY)]).explode(_KEY)
        at = spans.get_column(_KEY)
        return spans.get_column(_NUMBER), pl.DataFrame([values.gather(at) for values in self._values])

    def _spans(self, places: pl.Series) -> pl.Series:
        """Where the persons of each of the keys at `places` stand."""
        begins, ends = self._ends.gather(places), self._ends.gather(places + 1)
        return pl.select(pl.int_ranges(pl.lit(begins), pl.lit(ends))).to_series()

    def expect(self, found: Found, households: pl.Series) -> None:
        """Those of the `households` that `found` tells of will be asked for one by one."""
        if len(self._expected) > _MOST_EXPECTED:
            self._expected.clear()
        keys, places = found.keys.filter(households).to_list(), found.places.filter(households).to_list()
        self._expected.update(zip(keys, places, strict=True))

    def of(self, key: str) -> Sequence[Record]:
        """The persons of the household `key`, which from now on has been asked for."""
        return self._of(key)

    def _read(self, key: str) -> Sequence[Record]:
        place = self._expected.pop(key, None)
        if place is None or place < 0:
            place = self._place(key)
        if place < 0:
            return ()
        self._asked.append(pl.Series([place]))
        numbers = self._numbers[self._ends[place] : self._ends[place + 1]].to_list()
        return [self._roster.person(record) for record in self._again(numbers)]

    def _place(self, key: str) -> int:
        """The place of `key`; -1 where it has no persons."""
        (hashed,) = _hashed(pl.Series([key])).to_list()
        place = int(self._hashes.search_sorted(hashed))
        while place < len(self._hashes) and self._hashes[place] == hashed:
            if self._keys[place] == key:
                return place
            place += 1
        return -1

    def left(self) -> Iterator[Record]:
        """The persons of all households that have not been asked for, and those without a key, in the order of their rows."""
        places = pl.int_range(len(self._keys), eager=True)
        asked = pl.concat([place.cast(pl.Int64) for place in self._asked]) if self._asked else places.clear()
        left = self._spans(places.filter(~places.is_in(asked.implode()))).explode().drop_nulls()
        numbers = pl.concat([self._numbers.gather(left).cast(pl.Int64), pl.Series(self._without, dtype=pl.Int64)])
        return map(self._roster.person, _one_by_one(self._again, numbers.sort()))


def _one_by_one(again: Again, numbers: pl.Series) -> Iterator[Record]:
    """The records `numbers`, few of them at any time."""
    for part in numbers.to_frame().iter_slices(_MOST_AT_ONCE):
        yield from again(part.to_series().to_list())


def _hashed(values: pl.Series) -> pl.Series:
    """A number of 64 bits for each of `values`, the same for the same."""
    return values.hash()
