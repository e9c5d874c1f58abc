"""The clauses and the notes of many households: each distinct combination of remarks is put into words once."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Lock
from typing import Protocol

import polars as pl

from engine.algebras.columns import Column, Ratio
from engine.algebras.exact import Value
from engine.decision import _clauses, _notes, _shown_by
from engine.kernel.numbering import UNKNOWN, Numbering
from engine.policy import Policy, Remark
from engine.terms import Term, Terms

__all__ = ["PARTS", "Wording", "names_of", "wording"]

PARTS = ("clauses", "notes")
"""The text columns that are made of remarks."""

_BITS = 16
"""So many truths make a number that is a place in a table of texts; what more of them say is looked up."""

_MANY = 1000
"""So many new combinations at once, half of all rows or more, are put together and not kept."""

_MOST = 2**26
"""Texts of so many bytes are kept for combinations; with more, the text of each row is put together by itself."""


class Wording:
    """How one text column comes about: `terms` are computed for each row, each under its name, and then put into words.

    Combinations are told apart by places in tables of texts: each is put together once, and shared by all rows that have it.
    """

    def __init__(self, terms: Mapping[str, Term], shelves: Sequence[_Shelf]) -> None:
        self.terms = terms
        self._shelves = shelves
        self._pairs: dict[tuple[_Table, _Table], _Pairs] = {}

    def texts(self, found: pl.DataFrame) -> pl.Series:
        """The text for each row of `found`, which holds a column for each of `terms`."""
        placed: _Said | None = None
        parts: list[pl.Series] = []
        for shelf in self._shelves:
            here = _Said(shelf.places(found), shelf.table)
            if here.is_nothing():
                continue
            if parts:
                texts = here.table.at(here.places)
                parts += [_between(parts, texts, here.table.separator), texts]
            elif placed is None:
                placed = here
            else:
                both = self._paired(placed.table, here.table).said(placed.places, here.places)
                placed, parts = (both, []) if isinstance(both, _Said) else (None, [both])
        if placed is not None:
            parts.append(placed.table.at(placed.places))
        return _concatenated(parts, found.height)

    def all_match(self, pattern: str) -> bool:
        """Whether every text of which those of the rows so far are made, with a separator behind it, matches `pattern`."""
        return all(shelf.table.all_match(pattern) for shelf in self._shelves)

    def _paired(self, left: _Table, right: _Table) -> _Pairs:
        if (left, right) not in self._pairs:
            self._pairs.setdefault((left, right), _Pairs(left, right))  # another thread may have been first
        return self._pairs[left, right]


def _between(parts: Sequence[pl.Series], texts: pl.Series, separator: str) -> pl.Series:
    """What stands between `parts` and `texts` behind them: `separator` where something is said before and behind it."""
    is_any = parts[0].str.len_bytes() > 0
    for part in parts[1:]:
        is_any = is_any | (part.str.len_bytes() > 0)
    is_both = is_any & (texts.str.len_bytes() > 0)
    return pl.Series(["", separator]).gather(is_both.cast(pl.UInt32))


def _concatenated(parts: Sequence[pl.Series], rows: int) -> pl.Series:
    whole = [part if len(part) == rows else part.new_from_index(0, rows) for part in parts]
    if len(whole) < 2:
        return whole[0] if whole else pl.Series([""]).new_from_index(0, rows)
    named = [part.alias(str(number)) for number, part in enumerate(whole)]
    return pl.DataFrame(named).select_seq(pl.concat_str(pl.all())).to_series()


class _Table:
    """Texts by their places; null where none has been needed yet. What stood at a place still stands there later."""

    def __init__(self, separator: str, texts: pl.Series) -> None:
        self.separator = separator
        self.texts = texts
        self._pieces = [texts]
        self._told: dict[str, tuple[int, bool]] = {}

    def put(self, texts: pl.Series, new: pl.Series) -> None:
        """From now on `texts`, in which `new` are those that were not there before."""
        self._pieces.append(new)  # first: a text that is met has been told
        self.texts = texts

    def all_match(self, pattern: str) -> bool:
        """Whether every text that stands here and is not empty, with a separator behind it, matches `pattern`.

        Each is looked at once.
        """
        count, found = self._told.get(pattern, (0, True))
        pieces = self._pieces[count:]
        said = [piece.filter(piece != "") + self.separator for piece in pieces]
        found = found and all(bool(texts.str.contains(pattern).all()) for texts in said)
        self._told[pattern] = count + len(pieces), found
        return found

    def at(self, places: pl.Series) -> pl.Series:
        """The text at each of `places`."""
        return self.texts.gather(places)

    def sizes(self) -> pl.Series:
        """How many bytes the text at each place has."""
        return self.texts.str.len_bytes().cast(pl.Int64)


@dataclass(frozen=True)
class _Said:
    """What is said in each row: places in a table of texts; a single one stands for every row."""

    places: pl.Series
    table: _Table

    def is_nothing(self) -> bool:
        """Whether the same nothing is said in every row."""
        return len(self.places) == 1 and not self.table.texts[self.places[0]]


class _Pairs:
    """The texts of two tables together: each pair that meets is put together once, as long as there is room."""

    def __init__(self, left: _Table, right: _Table) -> None:
        self._left, self._right = left, right
        self._numbering = Numbering(self._learn)
        self._is_varied = False
        self.table = _Table(left.separator, pl.Series(dtype=pl.String))

    def said(self, left: pl.Series, right: pl.Series) -> _Said | pl.Series:
        """What is said in each row, or the texts themselves where not all of them are kept."""
        rows = max(len(left), len(right))
        columns = [places if len(places) == rows else places.new_from_index(0, rows) for places in (left, right)]
        if self._is_varied:
            return self._together(*columns)
        places = self._numbering.of(columns)
        is_new = places == UNKNOWN
        count = int(is_new.sum())
        if not count:
            return _Said(places, self.table)
        self._is_varied = count > _MANY and 2 * count > rows
        texts = self.table.texts
        own = self._together(*(column.filter(is_new) for column in columns))
        behind = is_new.cast(pl.UInt32).cum_sum() + len(texts) - 1
        return pl.concat([texts, own], rechunk=True).gather(behind.zip_with(is_new, places))

    def _together(self, left: pl.Series, right: pl.Series) -> pl.Series:
        before, behind = self._left.at(left), self._right.at(right)
        return _concatenated([before, _between([before], behind, self._left.separator), behind], len(left))

    def _learn(self, pairs: pl.DataFrame) -> int:
        """Keep the texts of new pairs; how many of them there was room for."""
        left, right = pairs.get_columns()
        known = self.table.texts
        room = _MOST - int(known.str.len_bytes().sum())
        sizes = self._left.sizes().gather(left) + self._right.sizes().gather(right) + len(self.table.separator.encode())
        taken = int((sizes.cum_sum() <= room).sum())
        new = self._together(left.head(taken), right.head(taken))
        self.table.texts = pl.concat([known, new], rechunk=True)
        return taken


@dataclass(frozen=True)
class _Words:
    """What remarks say: `policy` has these alone, `certain` is what is the same in every row.

    `truths` are the names whose truth is told, those together that have one; `values` the names of what is shown, with the
    scale of a number.
    """

    policy: Policy
    part: str
    certain: Mapping[str, Value]
    truths: Sequence[Sequence[str]]
    values: Sequence[tuple[str, int]]

    @property
    def separator(self) -> str:
        """What stands between two remarks."""
        return self.policy.words["separator"]

    def text(self, held: Sequence[bool], values: Sequence[object]) -> str:
        """The words where these truths hold, with these values."""
        names = dict(self.certain)
        for whens, holds in zip(self.truths, held, strict=True):
            names.update(dict.fromkeys(whens, holds))
        for (name, scale), value in zip(self.values, values, strict=True):
            assert isinstance(value, (int, str, datetime.date))
            is_number = isinstance(value, int) and not isinstance(value, bool)
            names[name] = Fraction(value, scale) if is_number and isinstance(value, int) else value
        render = _clauses if self.part == "clauses" else _notes
        return self.separator.join(render(self.policy, names))

    def texts(self, codes: Iterable[int]) -> list[str]:
        """The words for each of `codes`, whose bits tell which truths hold, the first in the lowest; no values are shown."""
        bits = range(len(self.truths))
        if {remark.part for remark in self.policy.remarks} == {"absent"}:
            return self._absent([[bool(code >> bit & 1) for bit in bits] for code in codes])
        return [self.text([bool(code >> bit & 1) for bit in bits], []) for code in codes]

    def _absent(self, held: Iterable[Sequence[bool]]) -> list[str]:
        """The same where all remarks are of facts whose absence means one value each: there can be very many."""
        place = {when: at for at, whens in enumerate(self.truths) for when in whens}
        comma, template = self.policy.words["comma"], self.policy.words["note_absent"]
        known = [(remark, _shown_by(self.policy, remark, self.certain)) for remark in self.policy.remarks]
        parts = [(place.get(remark.when), remark.text, value) for remark, value in known]
        parts = [part for part, (remark, _) in zip(parts, known, strict=True) if self.certain.get(remark.when, True)]
        found = []
        for truths in held:
            facts: dict[str, list[str]] = {}
            for at, text, value in parts:
                if at is None or truths[at]:
                    facts.setdefault(value, []).append(text)
            told = [template.format(value=value, facts=comma.join(texts)) for value, texts in facts.items()]
            found.append(self.separator.join(told))
        return found


class _Shelf(Protocol):
    """Remarks that can be put into words without the others of their column."""

    table: _Table
    """The words that they have come to so far."""

    def places(self, rows: pl.DataFrame) -> pl.Series:
        """The place of the words for each of `rows`; a single one where it is the same for all of them."""


class _Certain:
    """Remarks that hold in every row or in none."""

    def __init__(self, words: _Words) -> None:
        self.table = _Table(words.separator, pl.Series([words.text([], [])]))

    def places(self, rows: pl.DataFrame) -> pl.Series:
        return pl.Series([0], dtype=pl.UInt32)


class _Placed:
    """Remarks whose truths make a number that is the place of their words."""

    def __init__(self, words: _Words, truths: Sequence[str]) -> None:
        self._words = words
        self._truths = truths
        self._lock = Lock()
        self.table = _Table(words.separator, pl.Series([None] * 2 ** len(truths), dtype=pl.String))

    def places(self, rows: pl.DataFrame) -> pl.Series:
        places = _code([rows.get_column(name) for name in self._truths]).cast(pl.UInt32)
        if self.table.at(places).null_count():
            self._learn(places.unique().to_list())
        return places

    def _learn(self, codes: Sequence[int]) -> None:
        with self._lock:
            texts = self.table.texts.to_list()
            new = [code for code in codes if texts[code] is None]
            told = self._words.texts(new)
            for code, text in zip(new, told, strict=True):
                texts[code] = text
            self.table.put(pl.Series(texts, dtype=pl.String), pl.Series(told, dtype=pl.String))


class _LookedUp:
    """Remarks whose words are looked up by what holds and what is shown."""

    def __init__(self, words: _Words, truths: Sequence[str], values: Sequence[str]) -> None:
        self._words = words
        self._truths = truths
        self._values = values
        self._numbering = Numbering(self._learn)
        self.table = _Table(words.separator, pl.Series(dtype=pl.String))

    def places(self, rows: pl.DataFrame) -> pl.Series:
        truths = [rows.get_column(name) for name in self._truths]
        keys = [*_codes(truths), *(rows.get_column(name) for name in self._values)]
        is_silent = not any(truth.any() for truth in truths)
        return self._numbering.of([key.head(1) for key in keys] if is_silent else keys)

    def _learn(self, keys: pl.DataFrame) -> int:
        texts = pl.Series([self._text(key) for key in keys.iter_rows()], dtype=pl.String)
        self.table.put(pl.concat([self.table.texts, texts], rechunk=True), texts)
        return len(texts)

    def _text(self, key: Sequence[object]) -> str:
        codes, values = key[: len(key) - len(self._values)], key[len(key) - len(self._values) :]
        held = [bool(_whole(codes[bit // _WIDE]) >> bit % _WIDE & 1) for bit in range(len(self._truths))]
        return self._words.text(held, values)


_WIDE = 2 * _BITS
"""Truths in one whole number of 32 bits."""


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _code(truths: Sequence[pl.Series]) -> pl.Series:
    """A number for each row that tells which of `truths` (16 at most) hold, the first in the lowest bit."""
    total: pl.Series | None = None
    for bit, truth in enumerate(truths):
        held = pl.Series([1 << bit], dtype=pl.UInt16).zip_with(truth, pl.Series([0], dtype=pl.UInt16))
        total = held if total is None else total | held
    assert total is not None
    return total


def _codes(truths: Sequence[pl.Series]) -> list[pl.Series]:
    """The same for any number of truths, in as few whole numbers of 32 bits as hold them."""
    found = []
    for start in range(0, len(truths), _WIDE):
        low, high = truths[start : start + _BITS], truths[start + _BITS : start + _WIDE]
        code = _code(low).cast(pl.UInt32)
        found.append(code + _code(high).cast(pl.UInt32) * 2**_BITS if high else code)
    return found


# Compiling


def names_of(policy: Policy, part: str) -> list[str]:
    """The names that the text column `part` is made of."""
    remarks = [remark for shelf in _shelves(policy, part) for remark in shelf]
    return list(dict.fromkeys(name for remark in remarks for name in (remark.when, *remark.shows)))


def _shelves(policy: Policy, part: str) -> list[list[Remark]]:
    """The remarks of the text column `part` in the order of its words, those together that depend on each other."""
    if part == "clauses":
        return [[remark for remark in policy.remarks if remark.part == "clause"]]
    others = [remark for remark in policy.remarks if remark.part != "clause"]
    alone = [[remark] for remark in others if remark.part not in ("note", "absent")]
    together = [[remark for remark in others if remark.part == word] for word in ("note", "absent")]
    return [shelf for shelf in (together[0], *alone, together[1]) if shelf]


def wording(
    policy: Policy, part: str, names: Mapping[str, Column], absent: Mapping[str, Column], terms: Terms
) -> Wording:
    """How the text column `part` comes out of `names`, which holds every name that `names_of` lists.

    `absent` is what the absence of a fact means.
    """
    keys = _Keys(part, names, terms)
    shelves = tuple(_shelf(policy, part, remarks, keys, absent) for remarks in _shelves(policy, part))
    return Wording(keys.terms, shelves)


def _shelf(policy: Policy, part: str, remarks: Sequence[Remark], keys: _Keys, absent: Mapping[str, Column]) -> _Shelf:
    certain: dict[str, Value] = {}
    truths: dict[str, list[str]] = {}
    values: dict[str, tuple[str, int]] = {}
    for remark in remarks:
        truth = keys.truth(remark.when)
        if isinstance(truth, bool):
            certain[remark.when] = truth
        else:
            truths.setdefault(truth, []).append(remark.when)
        for name in remark.shows if truth is not False else ():
            column, scale, value = keys.value(name, remark.when, absent.get(name) if remark.part == "absent" else None)
            if column:
                values[column] = name, scale
            else:
                certain[name] = value
    words = _Words(replace(policy, remarks=tuple(remarks)), part, certain, list(truths.values()), list(values.values()))
    if not truths and not values:
        return _Certain(words)
    is_placed = len(truths) <= _BITS and not values
    return _Placed(words, list(truths)) if is_placed else _LookedUp(words, list(truths), list(values))


class _Keys:
    """The columns that tell which remarks hold, and what they show where they do."""

    def __init__(self, part: str, names: Mapping[str, Column], terms: Terms) -> None:
        self.terms: dict[str, Term] = {}
        self._part = part
        self._names = names
        self._maker = terms
        self._columns: dict[Term, str] = {}

    def truth(self, name: str) -> str | bool:
        """The column that tells whether `name` holds; the truth itself where it is the same in every row."""
        term = self._names[name]
        assert isinstance(term, Term)
        return term.value if isinstance(term.value, bool) else self._column(term)

    def value(self, name: str, when: str, absent: Column | None) -> tuple[str, int, Value]:
        """The column that holds `name` where `when` holds, and its scale; no column, and the value, where it is always one."""
        found, condition = absent or self._names[name], self._names[when]
        assert isinstance(condition, Term)
        term, below = (found.above, found.below.value) if isinstance(found, Ratio) else (found, 1)
        assert isinstance(below, int), name
        if term.value is not None:
            is_number = isinstance(found, Ratio) and isinstance(term.value, int)
            return "", 1, Fraction(term.value, below) if is_number and isinstance(term.value, int) else term.value
        kept = self._maker.choose(condition, term, self._maker.constant(_NOTHING[term.kind]))
        return self._column(kept), below, None

    def _column(self, term: Term) -> str:
        if term not in self._columns:
            self._columns[term] = f"={self._part}{len(self._columns)}"
            self.terms[self._columns[term]] = term
        return self._columns[term]


_NOTHING: Mapping[str, int | bool | str | datetime.date] = {
    "number": 0,
    "truth": False,
    "text": "",
    "date": datetime.date(2000, 1, 1),
}
"""What stands where nothing is shown: near what is shown elsewhere, so that a narrow table holds both."""
