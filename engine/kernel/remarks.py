"""The clauses and the notes of many households: each distinct combination of remarks is put into words once."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from threading import Lock
from typing import Protocol

import polars as pl

from engine.algebras.columns import Column, Ratio
from engine.algebras.exact import Value
from engine.decision import _clauses, _notes, _shown_by
from engine.kernel.numbering import Numbering
from engine.policy import Policy, Remark
from engine.terms import MOST_64, Term, Terms

__all__ = ["PARTS", "Wording", "names_of", "wording"]

PARTS = ("clauses", "notes")
"""The text columns that are made of remarks."""

_BITS = 16
"""So many truths make a number that is a place in a table of texts; what more of them say is looked up."""

_SHARED = 2
"""Texts are put together once for all rows that say the same, where each is for so many rows on average."""

_CODE, _TEXT = "code", "text"

_PIECE = 8
"""So many truths make the number of a place in a table of which every text is made beforehand."""


class Wording:
    """How one text column comes about: `terms` are computed for each row, each under its name, and then put into words.

    What is said by remarks that depend on each other is a text in a table; the texts of a row are strung together.
    """

    def __init__(self, terms: Mapping[str, Term], shelves: Sequence[_Shelf], separator: str) -> None:
        self.terms = terms
        self._shelves = shelves
        self._separator = separator

    def texts(self, found: pl.DataFrame, rows: int) -> pl.Series:
        """The text for each of `rows` rows; `found` holds a column for each of `terms`, and has no row where there is none.

        Rows of which many say the same share its text.
        """
        if not rows:
            return pl.Series(dtype=pl.String)
        places = [here for shelf in self._shelves for here in shelf.places(found)]
        said = self._said(places)
        shared = self._shared(places, rows) if len(said.parts) > 1 else None
        return _concatenated(said.parts, rows) if shared is None else shared

    def _shared(self, places: Sequence[pl.Series], rows: int) -> pl.Series | None:
        """The texts at `places`, each put together once for all rows that have it; None where too few rows share one."""
        sizes = [len(table.texts) for shelf in self._shelves for table in shelf.tables]
        codes = _coded(places, sizes)
        if codes is None or len(codes) != rows:
            return None
        distinct = codes.unique()
        if len(distinct) * _SHARED > rows:
            return None
        texts = _concatenated(self._said(_decoded(distinct, sizes)).parts, len(distinct))
        known = pl.DataFrame([distinct.alias(_CODE), texts.alias(_TEXT)])
        return codes.to_frame(_CODE).join(known, on=_CODE, how="left", maintain_order="left").get_column(_TEXT)

    def _said(self, places: Iterable[pl.Series]) -> _Said:
        """What stands at `places`, one of each table."""
        left = iter(places)
        said = [shelf.said(list(itertools.islice(left, len(shelf.tables)))) for shelf in self._shelves]
        return _strung(said, self._separator)

    def all_match(self, pattern: str) -> bool:
        """Whether every text that those of the rows so far are made of, with what stands behind it, matches `pattern`."""
        return all(table.all_match(pattern) for shelf in self._shelves for table in shelf.tables)


def _coded(places: Sequence[pl.Series], sizes: Sequence[int]) -> pl.Series | None:
    """A number for each row that tells all its `places`, each below its size; None where 64 bits may not hold it."""
    if prod(sizes) > MOST_64:
        return None
    total = pl.Series([0], dtype=pl.Int64)
    for here, size in zip(places, sizes, strict=True):
        if size > 1:
            total = total * size + here.cast(pl.Int64)
    return total


def _decoded(codes: pl.Series, sizes: Sequence[int]) -> list[pl.Series]:
    """The places of which each of `codes` is made."""
    found = []
    for size in reversed(sizes):
        found.append((codes % size).cast(pl.UInt32))
        codes = codes // size
    return found[::-1]


@dataclass(frozen=True)
class _Said:
    """What is said in each row: `parts` put together, and whether that `holds` anything; one row stands for every row."""

    parts: Sequence[pl.Series]
    holds: pl.Series


def _strung(said: Sequence[_Said], separator: str) -> _Said:
    """All of `said`, with `separator` between any two of which something is said."""
    parts: list[pl.Series] = []
    holds = pl.Series([False])
    for one in said:
        if not one.holds.any():
            continue
        parts += [_where(holds & one.holds, separator), *one.parts] if parts else one.parts
        holds = holds | one.holds
    return _Said(parts, holds)


def _where(holds: pl.Series, text: str) -> pl.Series:
    """`text` in the rows in which `holds` does, and nothing in the others."""
    return pl.Series(["", text]).gather(holds.cast(pl.UInt32))


def _concatenated(parts: Sequence[pl.Series], rows: int) -> pl.Series:
    whole = [part if len(part) == rows else part.new_from_index(0, rows) for part in parts]
    if len(whole) < 2:
        return whole[0] if whole else pl.Series([""]).new_from_index(0, rows)
    named = [part.alias(str(number)) for number, part in enumerate(whole)]
    return pl.DataFrame(named).select_seq(pl.concat_str(pl.all())).to_series()


class _Table:
    """Texts by their places; null where none has been needed yet. What stood at a place still stands there later.

    `behind` is what can stand behind a text when several are put together.
    """

    def __init__(self, texts: Sequence[str | None], behind: Sequence[str]) -> None:
        self._behind = behind
        self._pieces: list[pl.Series] = []
        self._told: dict[str, tuple[int, bool]] = {}
        known = pl.Series(texts, dtype=pl.String)
        self.put(known, known.drop_nulls())

    def put(self, texts: pl.Series, new: pl.Series) -> None:
        """From now on `texts`, in which `new` are those that were not there before."""
        self._pieces.append(new)  # first: a text that is met has been told
        self.stand = texts, (texts != "").fill_null(False)

    def all_match(self, pattern: str) -> bool:
        """Whether every text that stands here and is not empty matches `pattern` with whatever can stand behind it.

        Each is looked at once.
        """
        count, found = self._told.get(pattern, (0, True))
        pieces = self._pieces[count:]
        said = [piece.filter(piece != "") + behind for piece in pieces for behind in self._behind]
        found = found and all(bool(texts.str.contains(pattern).all()) for texts in said)
        self._told[pattern] = count + len(pieces), found
        return found

    @property
    def texts(self) -> pl.Series:
        """The text at every place."""
        return self.stand[0]

    def at(self, places: pl.Series) -> _Said:
        """What stands at each of `places`."""
        texts, is_said = self.stand
        return _Said((texts.gather(places),), is_said.gather(places))


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
        return [self.text([bool(code >> bit & 1) for bit in bits], []) for code in codes]


class _Shelf(Protocol):
    """Remarks that can be put into words without the others of their column."""

    @property
    def tables(self) -> Sequence[_Table]:
        """The words that they have come to so far."""

    def places(self, rows: pl.DataFrame) -> Sequence[pl.Series]:
        """For each of `tables` the place of what is said in each of `rows`; one where it is the same for all of them."""

    def said(self, places: Sequence[pl.Series]) -> _Said:
        """What they say where these are the places."""


_FIRST = pl.Series([0], dtype=pl.UInt32)


class _Certain:
    """Remarks that hold in every row or in none."""

    def __init__(self, words: _Words) -> None:
        self.tables = (_Table([words.text([], [])], [words.separator]),)

    def places(self, rows: pl.DataFrame) -> Sequence[pl.Series]:
        return (_FIRST,)

    def said(self, places: Sequence[pl.Series]) -> _Said:
        return self.tables[0].at(places[0])


class _Placed:
    """Remarks whose truths make a number that is the place of their words."""

    def __init__(self, words: _Words, truths: Sequence[str]) -> None:
        self._words = words
        self._truths = truths
        self._lock = Lock()
        self._table = _Table([None] * 2 ** len(truths), [words.separator])
        self.tables = (self._table,)

    def places(self, rows: pl.DataFrame) -> Sequence[pl.Series]:
        places = _code([rows.get_column(name) for name in self._truths]).cast(pl.UInt32)
        if self._table.texts.gather(places).null_count():
            self._learn(places.unique().to_list())
        return (places,)

    def said(self, places: Sequence[pl.Series]) -> _Said:
        return self._table.at(places[0])

    def _learn(self, codes: Sequence[int]) -> None:
        with self._lock:
            texts = self._table.texts.to_list()
            new = [code for code in codes if texts[code] is None]
            told = self._words.texts(new)
            for code, text in zip(new, told, strict=True):
                texts[code] = text
            self._table.put(pl.Series(texts, dtype=pl.String), pl.Series(told, dtype=pl.String))


class _LookedUp:
    """Remarks whose words are looked up by what holds and what is shown."""

    def __init__(self, words: _Words, truths: Sequence[str], values: Sequence[str]) -> None:
        self._words = words
        self._truths = truths
        self._values = values
        self._numbering = Numbering(self._learn)
        self._table = _Table([], [words.separator])
        self.tables = (self._table,)

    def places(self, rows: pl.DataFrame) -> Sequence[pl.Series]:
        truths = [rows.get_column(name) for name in self._truths]
        keys = [*_codes(truths), *(rows.get_column(name) for name in self._values)]
        if not any(truth.any() for truth in truths):
            return (self._numbering.of([key.head(1) for key in keys]),)
        whole = [key if len(key) == rows.height else key.new_from_index(0, rows.height) for key in keys]
        return (self._numbering.of(whole),)

    def said(self, places: Sequence[pl.Series]) -> _Said:
        return self._table.at(places[0])

    def _learn(self, keys: pl.DataFrame) -> None:
        texts = pl.Series([self._text(key) for key in keys.iter_rows()], dtype=pl.String)
        self._table.put(pl.concat([self._table.texts, texts], rechunk=True), texts)

    def _text(self, key: Sequence[object]) -> str:
        codes, values = key[: len(key) - len(self._values)], key[len(key) - len(self._values) :]
        held = [bool(_whole(codes[bit // _WIDE]) >> bit % _WIDE & 1) for bit in range(len(self._truths))]
        return self._words.text(held, values)


@dataclass(frozen=True)
class _Piece:
    """Some facts in their order: the name of the truth that tells that one is absent; None: it always is."""

    truths: Sequence[str]
    table: _Table

    @classmethod
    def of(cls, facts: Sequence[tuple[str | None, str]], comma: str, behind: Sequence[str]) -> _Piece:
        """The piece of `facts`, each with its truth and its text; a text for each combination of truths."""
        truths = list(dict.fromkeys(truth for truth, _ in facts if truth is not None))
        texts = []
        for code in range(2 ** len(truths)):
            held = {truth: bool(code >> bit & 1) for bit, truth in enumerate(truths)}
            texts.append(comma.join(text for truth, text in facts if truth is None or held[truth]))
        return cls(truths, _Table(texts, behind))

    def place(self, rows: pl.DataFrame) -> pl.Series:
        """Which of the facts are absent in each of `rows`, as a place in the table."""
        return _code([rows.get_column(name) for name in self.truths]).cast(pl.UInt32) if self.truths else _FIRST


class _Listed:
    """Facts that were left blank and are each taken as one value: a sentence for each value, which lists its facts.

    There can be very many combinations: each sentence is put together out of pieces.
    """

    def __init__(self, words: _Words, listed: Mapping[str, Sequence[tuple[str | None, str]]]) -> None:
        self._separator, self._comma = words.separator, words.policy.words["comma"]
        self._sentences: list[tuple[str, Sequence[_Piece], str]] = []
        for value, facts in listed.items():
            sentence = words.policy.words["note_absent"].format(value=value, facts=_FACTS)
            before, _, after = sentence.partition(_FACTS)
            parts = [facts[start : start + _PIECE] for start in range(0, len(facts), _PIECE)]
            behind = (self._comma, after + self._separator)
            self._sentences.append((before, [_Piece.of(part, self._comma, behind) for part in parts], after))
        self.tables = [
            table
            for before, pieces, _ in self._sentences
            for table in (_Table([before], [""]), *(piece.table for piece in pieces))
        ]

    def places(self, rows: pl.DataFrame) -> Sequence[pl.Series]:
        return [
            place for _, pieces, _ in self._sentences for place in (_FIRST, *(piece.place(rows) for piece in pieces))
        ]

    def said(self, places: Sequence[pl.Series]) -> _Said:
        left, said = iter(places), []
        for before, pieces, after in self._sentences:
            next(left)
            facts = _strung([piece.table.at(next(left)) for piece in pieces], self._comma)
            around = [[_where(facts.holds, text)] if text else [] for text in (before, after)]
            said.append(_Said([*around[0], *facts.parts, *around[1]], facts.holds))
        return _strung(said, self._separator)


_FACTS = "\0"
"""Stands for the facts in a sentence about them."""


def _listed(words: _Words, truths: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[str | None, str]]] | None:
    """The facts under the values as which they are taken, with the truths that tell that they are absent.

    None where a value is not certain, or the sentences have no order that is the same in every row.
    """
    if words.values or {remark.part for remark in words.policy.remarks} != {"absent"}:
        return None
    columns = {when: column for column, whens in truths.items() for when in whens}
    found: dict[str, list[tuple[str | None, str]]] = {}
    last = ""
    for remark in words.policy.remarks:
        truth = columns.get(remark.when)
        if truth is None and not words.certain[remark.when]:
            continue
        value = _shown_by(words.policy, remark, words.certain)
        if value in found and value != last:
            return None
        found.setdefault(value, []).append((truth, remark.text))
        last = value
    return found


_WIDE = 2 * _BITS
"""Truths in one whole number of 32 bits."""


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


_NO_BIT = pl.Series([0], dtype=pl.UInt16)


def _code(truths: Sequence[pl.Series]) -> pl.Series:
    """A number for each row that tells which of `truths` (16 at most) hold, the first in the lowest bit; one where none does."""
    total = _NO_BIT
    for bit, truth in enumerate(truths):
        if truth.any():
            total = total | pl.Series([1 << bit], dtype=pl.UInt16).zip_with(truth, _NO_BIT)
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
    return Wording(keys.terms, shelves, policy.words["separator"])


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
    listed = _listed(words, truths)
    if listed is not None:
        return _Listed(words, listed)
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
