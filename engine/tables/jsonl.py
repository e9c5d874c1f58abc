"""JSONL: one JSON object a line, in UTF-8; numbers are exact, whatever JSON programs usually make of them.

The headings are the keys of all lines, in the order in which they first appear; a line that lacks one is blank there.
Under the name of a group of persons a line may hold a list of objects, one a person; elsewhere only single values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NoReturn

from engine.messages import Message, say
from engine.source import Place, Problem, normal
from engine.tables import Cell, Plain, Record, Source, TableError, Target
from engine.tables.cells import is_blank
from engine.tables.lines import MOST_BYTES, Line, Lines, opened, refuse_other_content, size
from engine.tables.texts import aligned, shown
from engine.tables.whole import whole

__all__ = ["JsonlTarget", "create_target", "encoded", "open_source", "written"]

_MOST_KEYS = 10_000
_MOST_DIGITS = 400
_MOST_EXPONENT = 300
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_ONE_OBJECT = say("Write one JSON object a line.")
_KEY_UNWRITABLE = say("A key holds half a character, or a NUL character. Write it anew.")


def open_source(path: Path, encoding: str | None, groups: Collection[str], sheet: str) -> Source:
    """The table in the JSONL file `path`; all its lines are read once for their keys.

    Raises: TableError where it is empty, holds a JSON list, or is not in UTF-8.
    """
    _refuse_encoding(path, encoding)
    keys: dict[str, str] = {}
    first: Line | None = None
    with opened(path) as stream:
        _begin(stream, str(path))
        for line in Lines(stream):
            first = line if first is None and line.content.strip() else first
            for key in _keys(line):
                keys.setdefault(_normal(key), key.strip())
            if len(keys) > _MOST_KEYS:
                wrong = say("The lines hold more than {most} different keys.", most=_MOST_KEYS)
                raise TableError(
                    (Problem(Place(str(path), line.number), wrong, None, say("Give all lines the same keys.")),)
                )
    keys.pop("", None)
    if not keys:
        raise _without_keys(str(path), first)
    return _JsonlSource(path, keys, groups)


def _without_keys(name: str, first: Line | None) -> TableError:
    """What is wrong with a file of which no line is an object with a key: what is wrong with its first one."""
    if first is None:
        return TableError((Problem(Place(name), say("The file is empty."), None, _ONE_OBJECT),))
    try:
        _pairs(first, _KEY_DECODER)
    except _Refused as refused:
        return TableError((Problem(Place(name, first.number), refused.problem),))
    return TableError((Problem(Place(name, first.number), say("The object has no keys."), None, _ONE_OBJECT),))


def _begin(stream: BinaryIO, name: str) -> None:
    refuse_other_content(stream, name, _ONE_OBJECT)
    start = stream.tell()
    head = stream.read(1000).lstrip()
    if head.startswith(b"["):
        raise TableError((Problem(Place(name, 1), say("The file holds a JSON list."), None, _ONE_OBJECT),))
    stream.seek(start)


def _refuse_encoding(path: Path, encoding: str | None) -> None:
    if encoding is not None and encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        wrong = say("JSONL is always written in UTF-8, not in {encoding}.", encoding=encoding)
        raise TableError((Problem(Place(str(path)), wrong, None, say("Name UTF-8, or no encoding.")),))


class _JsonlSource:
    """A JSONL file whose keys have been read."""

    format = "jsonl"
    encoding = "utf-8"
    persons: Mapping[str, Source] = MappingProxyType({})

    def __init__(self, path: Path, keys: dict[str, str], groups: Collection[str]) -> None:
        self.name = str(path)
        self.header = tuple(keys.values())
        self._path = path
        self._names = tuple(keys)
        self._groups = tuple(groups)
        self._lines: Lines | None = None

    def records(self) -> Iterator[Record]:
        """The record of each line."""
        with opened(self._path) as stream:
            _begin(stream, self.name)
            self._lines = Lines(stream)
            for line in self._lines:
                record = self._record(line) if line.content.strip() else None
                if record is not None:
                    yield record

    def position(self) -> tuple[int, int]:
        """Bytes read, bytes in all."""
        return (0 if self._lines is None else self._lines.bytes_done), size(self._path)

    def _record(self, line: Line) -> Record | None:
        try:
            values = _values(line, self._groups)
        except _Refused as refused:
            return Record(line.number, (None,) * len(self._names), refused.problem)
        cells = tuple(values.get(name) for name in self._names)
        return None if all(map(is_blank, cells)) else Record(line.number, cells)


class _Refused(ValueError):
    """A line that is no record."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem


def _keys(line: Line) -> tuple[str, ...]:
    """The keys of a line; none where it is no record, which is said when it is read as one."""
    try:
        return tuple(_pairs(line, _KEY_DECODER))
    except _Refused:
        return ()


def _values(line: Line, groups: Collection[str]) -> dict[str, Cell]:
    """The values of a line by their normal names; of `groups` the persons as they are written.

    Raises: _Refused where it is no record.
    """
    values: dict[str, Cell] = {}
    take = _single if _is_writable(line) else _plain
    for key, value in _pairs(line, _DECODER).items():
        name = _normal(key)
        if name in values:
            raise _Refused(say("The key “{key}” stands twice in the line. Keep one of the two.", key=name))
        if not name and not is_blank(value):
            raise _Refused(say("A value has no key. Name what it is."))
        if groups and name not in groups and isinstance(value, (list, dict)):
            known = tuple(groups)
            raise _Refused(
                say("“{key}” holds a list or an object. Only {groups} list persons.", key=name, groups=known)
            )
        values[name] = _people(name, value) if name in groups else take(name, value)
    return values


def _is_writable(line: Line) -> bool:
    """Whether no text on a line that is JSON can hold what cannot be written: only an escape leads to it."""
    return b"\\u" not in line.content


def _single(key: str, value: object) -> Plain:
    """The one value under `key`.

    Raises: _Refused where it is none.
    """
    if isinstance(value, (list, dict)):
        raise _Refused(say("“{key}” holds a list or an object. Write a number, a text, true, false or null.", key=key))
    return value  # type: ignore[return-value]  # the decoder makes nothing else


def _plain(key: str, value: object) -> Plain:
    """The one value under `key`.

    Raises: _Refused where it is none, or cannot be written.
    """
    if isinstance(value, str) and _UNWRITABLE.search(value):
        raise _Refused(say("“{key}” holds half a character, or a NUL character. Write the text anew.", key=key))
    return _single(key, value)


def _people(group: str, value: object) -> Cell:
    """What stands under the name of a group: whether it lists persons is said when they are read.

    Raises: _Refused where a person's fact is no single value.
    """
    if isinstance(value, dict):
        return _person(group, value)
    if isinstance(value, list):
        return [_person(group, part) if isinstance(part, dict) else _plain(group, part) for part in value]
    return _plain(group, value)


def _person(group: str, person: dict[str, object]) -> dict[str, Plain]:
    if any(_UNWRITABLE.search(key) for key in person):
        raise _Refused(_KEY_UNWRITABLE)
    return {key: _plain(f"{group}:{key}", value) for key, value in person.items()}


def _pairs(line: Line, decoder: json.JSONDecoder) -> dict[str, object]:
    """The keys and values of the object on a line.

    Raises: _Refused where there is none.
    """
    if not line.is_whole:
        problem = say(
            "Line {line} is longer than {most} bytes. Write one JSON object a line.", line=line.number, most=MOST_BYTES
        )
        raise _Refused(problem)
    found = _decoded(line.content, decoder)
    if not isinstance(found, dict):
        raise _Refused(say("The line holds no JSON object. Write one JSON object a line."))
    if not _is_writable(line) and any(_UNWRITABLE.search(key) for key in found):
        raise _Refused(_KEY_UNWRITABLE)
    return found


def _decoded(content: bytes, decoder: json.JSONDecoder) -> object:
    found: object
    try:
        found = decoder.decode(content.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        byte = error.start + 1
        problem = say("The line holds a byte that is not UTF-8 (byte {byte}). Save the file in UTF-8.", byte=byte)
        raise _Refused(problem) from error
    except json.JSONDecodeError as error:
        column = error.pos + 1
        problem = say("The line is not JSON from character {column} on. Write one JSON object a line.", column=column)
        raise _Refused(problem) from error
    except RecursionError as error:
        raise _Refused(say("The line nests lists or objects too deep. Write one JSON object a line.")) from error
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        written = [key for key, _ in pairs]
        twice = next(key for key in written if written.count(key) > 1)
        raise _Refused(say("The key “{key}” stands twice in the line. Keep one of the two.", key=normal(twice)))
    return values


def _decimal(text: str) -> Fraction:
    exponent = re.split("[eE]", text)[1:]
    if len(text) > _MOST_DIGITS or any(abs(int(power)) > _MOST_EXPONENT for power in exponent):
        _refuse_number(text)
    return Fraction(text)


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        _refuse_number(text)
    return int(text)


def _refuse_number(text: str) -> NoReturn:
    shortened = text if len(text) <= 20 else text[:20] + "…"
    raise _Refused(say("{number} is not a number that can be reckoned with. Write it in figures.", number=shortened))


_normal = lru_cache(_MOST_KEYS)(normal)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse_number
)
_KEY_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=str, parse_int=str)
encoded = json.JSONEncoder(ensure_ascii=False).encode
"""A text as JSON, in quotes."""


@contextmanager
def create_target(
    path: Path, header: Sequence[str], encoding: str | None, like: Source | None, decimals: Mapping[str, int]
) -> Iterator[Target]:
    """A new JSONL file: amounts as decimals with all their digits, days and fractions without end as texts.

    Raises: TableError where the file cannot be written.
    """
    _refuse_encoding(path, encoding)
    with whole(path, like) as stream:
        yield JsonlTarget(stream, str(path), tuple(header))


class JsonlTarget:
    """A JSONL file that is being written, line by line."""

    def __init__(self, stream: BinaryIO, name: str, header: tuple[str, ...]) -> None:
        self._stream = stream
        self._name = name
        self._header = header
        self._keys = [encoded(heading) for heading in header]
        self._number = 0

    def beside(self, group: str, header: Sequence[str]) -> Target | None:
        """Nothing: the file holds one table."""
        return None

    def write(self, cells: Sequence[Cell]) -> None:
        """One more line."""
        self._number += 1
        pairs = zip(self._keys, aligned(self._header, cells), strict=True)
        line = "{" + ", ".join(f"{key}: {written(cell)}" for key, cell in pairs) + "}\n"
        try:
            self._stream.write(line.encode("utf-8"))
        except UnicodeEncodeError as error:
            code = f"U+{ord(line[error.start]):04X}"
            wrong = say("The character {code} cannot be written in {encoding}.", code=code, encoding="UTF-8")
            remedy = say("Remove it from the table that is read.")
            raise TableError((Problem(Place(self._name, self._number), wrong, None, remedy),)) from error

    def write_lines(self, text: memoryview, count: int) -> None:
        """`count` more lines in UTF-8, each with its end."""
        self._number += count
        self._stream.write(text)


def written(cell: Cell) -> str:
    """`cell` as JSON."""
    if cell is None or cell == "":
        return "null"
    text = shown(cell)
    if isinstance(cell, (list, dict)):
        return text
    has_end = isinstance(cell, int) or (isinstance(cell, Fraction) and "/" not in text)
    return text if has_end else encoded(text)
