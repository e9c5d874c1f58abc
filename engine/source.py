"""YAML read as text, with places: every value keeps the file, line and column that said it.

Nothing is resolved behind the writer's back: `no`, `010`, `1:30` and `1e3` stay the text that they are.
Events of the YAML parser are composed here, so that depth, duplicate keys, aliases and tags are refused with a place
before any library builds a tree of its own.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from engine.messages import Message, say
from engine.slips import Slip, negation, refused, unseen

__all__ = [
    "MOST_SIGNS",
    "Branch",
    "Entry",
    "Leaf",
    "Listing",
    "Node",
    "Place",
    "PolicyError",
    "Problem",
    "Problems",
    "is_silent",
    "merge",
    "nearest",
    "normal",
    "number",
    "plain_value",
    "read",
    "read_text",
    "width",
]

_MOST_BYTES = 500_000
_MOST_DEPTH = 24
MOST_SIGNS = 40
"""The signs of a number at most: no amount and no share has more, and what is calculated with it stays readable."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_PERCENT = re.compile(r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)\s?%")
_FRACTION = re.compile(r"(-?[1-9][0-9]*|0)/([1-9][0-9]*)")


@dataclass(frozen=True)
class Place:
    """Where something stands: a file, a line and a column (from 1, in characters), and that line as written.

    In a table of households the line is the row, and `label` names the column.
    """

    file: str
    line: int = 0
    column: int = 0
    written: str = field(default="", compare=False, repr=False)
    label: str = ""

    def __str__(self) -> str:
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number), self.label]
        return ":".join(part for part in parts if part)

    def moved(self, characters: int) -> Place:
        """The place `characters` further on the same line."""
        return replace(self, column=self.column + characters)

    def picture(self) -> str:
        """The line with a caret below the column; two cells for a wide character, as a terminal shows it."""
        if not (self.line and self.column):
            return ""
        line = self.written.replace("\t", " ")
        return f"    {line}\n    {' ' * width(line[: self.column - 1])}^"


def width(text: str) -> int:
    """The number of terminal cells that `text` takes: two for a wide or full-width character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place, what was expected or is available there, and what to do; a warning hinders nothing."""

    place: Place
    wrong: Message
    expected: Message | None = None
    remedy: Message | None = None
    is_warning: bool = False

    def text(self, language: str = "en", *, with_line: bool = False) -> str:
        """`file:line:column: what is wrong. What was expected. What to do.` in `language`, the line below if wanted."""
        joint = "" if language.startswith("zh") else " "
        sentences = joint.join(
            part.text(language) for part in (self.wrong, self.expected, self.remedy) if part is not None
        )
        mark = say("warning: ").text(language) if self.is_warning else ""
        picture = self.place.picture() if with_line else ""
        return f"{self.place}: {mark}{sentences}" + (f"\n{picture}" if picture else "")


class Problems(Exception):
    """What hinders; `problems` holds all that were found, not the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.text() for problem in self.problems)


class PolicyError(Problems):
    """What keeps a policy from being used."""


@dataclass(frozen=True)
class Leaf:
    """A single value, as the text that was written; `quoted` where the writer put it in quotes or a block."""

    text: str
    place: Place = field(compare=False)
    quoted: bool = False
    shift: int = field(default=0, compare=False)
    """Characters between `place` and the first character of `text` (1 behind a quote); -1 for text on several lines."""

    def at(self, offset: int) -> Place:
        """The place of the character `offset` of the text; the beginning where the text spans several lines."""
        return self.place if self.shift < 0 else self.place.moved(self.shift + offset)


@dataclass(frozen=True)
class Entry:
    """One key of a mapping, as written, with its value."""

    key: Leaf
    value: Node


@dataclass(frozen=True)
class Branch:
    """A mapping: keys in the order written, each under its NFKC-normal name."""

    entries: Mapping[str, Entry]
    place: Place = field(compare=False)

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def leaf(self, key: str) -> Leaf | None:
        """The single value under `key`; None where there is none or it is not single."""
        found = self.get(key)
        return found if isinstance(found, Leaf) else None

    def branch(self, key: str) -> Branch:
        """The mapping under `key`; an empty one where there is none."""
        found = self.get(key)
        return found if isinstance(found, Branch) else Branch({}, self.place)

    def listing(self, key: str) -> tuple[Node, ...]:
        """The items listed under `key`; none where there is no list."""
        found = self.get(key)
        return found.items if isinstance(found, Listing) else ()


@dataclass(frozen=True)
class Listing:
    """A list of values in the order written."""

    items: tuple[Node, ...]
    place: Place = field(compare=False)


Node = Leaf | Branch | Listing


def normal(text: str) -> str:
    """`text` as names are compared: NFKC, without blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def nearest(name: str, available: Iterable[str]) -> str | None:
    """The name among `available` that `name` most resembles, if any does."""
    found = difflib.get_close_matches(name, list(available), n=1, cutoff=0.6)
    return found[0] if found else None


def number(text: str) -> Fraction | None:
    """The exact value of a number as policies write it (`24000`, `0.15`, `80%`, `2/37`); None for anything else."""
    if len(text) > MOST_SIGNS:
        return None
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    if percent := _PERCENT.fullmatch(text):
        return Fraction(percent[1]) / 100
    if fraction := _FRACTION.fullmatch(text):
        return Fraction(int(fraction[1]), int(fraction[2]))
    return None


def plain_value(node: Node) -> object:
    """`node` as the plain values that a JSON Schema speaks of; numbers are exact, nothing else is guessed."""
    if isinstance(node, Branch):
        return {name: plain_value(entry.value) for name, entry in node.entries.items()}
    if isinstance(node, Listing):
        return [plain_value(item) for item in node.items]
    if node.quoted:
        return node.text
    if node.text in ("", "~", "null"):
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    exact = number(node.text) if _NUMBER.fullmatch(node.text) else None
    if exact is not None:
        return exact.numerator if exact.denominator == 1 else exact
    return node.text


def merge(base: Node, overlay: Node) -> Node:
    """`base` with what `overlay` says laid over it, leaf by leaf; every leaf keeps the place that last said it."""
    if not (isinstance(base, Branch) and isinstance(overlay, Branch)):
        return overlay
    entries = dict(base.entries)
    for name, entry in overlay.entries.items():
        below = entries.get(name)
        entries[name] = entry if below is None else Entry(entry.key, merge(below.value, entry.value))
    return Branch(entries, overlay.place)


def read(path: Path, shown: str | None = None) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of the YAML file at `path` and every problem found while reading; no tree where it cannot be read.

    `shown` is the name under which the file appears in problems.
    """
    name = shown or str(path)
    place = Place(name)
    try:
        if path.exists() and not path.is_file():
            return None, (_no_file(place),)
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        return None, (_unreadable(place, error),)
    if len(content) > _MOST_BYTES:
        return None, (
            Problem(
                place,
                say("The file is larger than {most} bytes.", most=f"{_MOST_BYTES:,}"),
                say("A policy file holds figures and rules, a few hundred lines."),
                say("Put households into CSV or Excel, and keep policies small."),
            ),
        )
    return _decoded(content, name)


def is_silent(path: Path) -> bool:
    """Whether the file at `path` holds comments, and apart from them nothing but blank lines."""
    if not path.is_file():
        return False
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):  # `read` says what is wrong with it
        return False
    return any(lines) and all(line.startswith("#") for line in lines if line)


def _unreadable(place: Place, error: OSError) -> Problem:
    reason = error.strerror or str(error)
    return Problem(
        place, say("The file cannot be read: {reason}.", reason=reason), None, say("Check the path and the rights.")
    )


def _no_file(place: Place) -> Problem:
    wrong = say("This is no ordinary file (a folder, a pipe or a device).")
    return Problem(place, wrong, say("A policy's files hold text."), say("Put the file itself here."))


def _decoded(content: bytes, name: str) -> tuple[Node | None, tuple[Problem, ...]]:
    marks = ((b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
    for mark, encoding in marks:
        if content.startswith(mark):
            wrong = say("The file begins with a byte order mark ({encoding}).", encoding=encoding)
            return None, (Problem(Place(name, 1, 1), wrong, _UTF8, _SAVE_AS),)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = say("The file is not UTF-8 text (byte {position}).", position=error.start + 1)
        return None, (Problem(Place(name, line), wrong, _UTF8, _SAVE_AS),)
    return read_text(text, name)


_UTF8 = say("YAML is written as UTF-8 without a byte order mark.")
_SAVE_AS = say("In the editor choose “Save as” and the encoding UTF-8 (not GBK, not “UTF-8 with BOM”).")


def read_text(text: str, name: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of the YAML `text`, which problems call `name`, and every problem found while reading it."""
    lines = _LINE_END.split(text)
    found = tuple(_slipped(slip, lines, name) for slip in unseen(lines))
    if found:
        return None, found
    composer = _Composer(lines, name)
    tree = composer.compose(text)
    return tree, tuple(composer.problems)


class _Composer:
    """Builds the tree from parser events, refusing what would lie: aliases, tags, duplicates, endless nesting."""

    def __init__(self, lines: list[str], name: str) -> None:
        self.lines = lines
        self.name = name
        self.problems: list[Problem] = []

    def compose(self, text: str) -> Node | None:
        loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        try:
            return self._document(yaml.parse(text, Loader=loader))
        except yaml.YAMLError as error:
            self.problems.append(self._unparsed(error))
            return None

    def _document(self, events: Iterator[yaml.Event]) -> Node | None:
        tree: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(
                        event, say("A second document begins here (---)."), say("One file holds one document.")
                    )
                    return tree
            elif isinstance(event, yaml.NodeEvent):
                tree = self._node(event, events, 0)
                if tree is None:
                    return None
        if tree is None or (isinstance(tree, Leaf) and not tree.text):
            wrong = say("The file is empty.")
            self.problems.append(
                Problem(
                    Place(self.name, 1), wrong, None, say("Write the keys that its schema names, or remove the file.")
                )
            )
            return None
        return tree

    def _node(self, event: Any, events: Iterator[yaml.Event], depth: int) -> Node | None:
        if depth > _MOST_DEPTH:
            wrong = say("The values are nested more than {most} levels deep.", most=_MOST_DEPTH)
            self._refuse(event, wrong, say("Remove the surplus brackets or indents."))
            return None
        if isinstance(event, yaml.AliasEvent):
            wrong = say("An alias (*{name}) stands here.", name=event.anchor)
            self._refuse(
                event, wrong, say("Policies say each value where it holds: write the value itself, or a figure's name.")
            )
            return Leaf("", self._place(event.start_mark), quoted=True)
        self._refuse_marks(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._leaf(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._listing(event, events, depth)
        return self._branch(event, events, depth)

    def _refuse_marks(self, event: Any) -> None:
        if event.anchor is not None:
            wrong = say("An anchor (&{name}) stands here.", name=event.anchor)
            self._refuse(event, wrong, say("Remove it, and write the value where it is needed."))
        if event.tag is not None:
            wrong = say("A tag ({tag}) stands here.", tag=event.tag)
            needless = say("Remove it; a policy's values need none. A text that begins with “!” belongs in quotes.")
            self._refuse(event, wrong, negation(event.tag) or needless)

    def _leaf(self, event: Any) -> Leaf:
        quoted = event.style not in (None, "")
        text = event.value.rstrip("\n") if event.style in ("|", ">") else event.value
        on_one_line = event.start_mark.line == event.end_mark.line
        written_as_read = (
            on_one_line and event.end_mark.column - event.start_mark.column == len(event.value) + 2 * quoted
        )
        shift = int(quoted) if written_as_read else -1
        return Leaf(text, self._place(event.start_mark), quoted, shift)

    def _listing(self, event: Any, events: Iterator[yaml.Event], depth: int) -> Node | None:
        items: list[Node] = []
        for inner in events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            item = self._node(inner, events, depth + 1)
            if item is None:
                return None
            items.append(item)
        if event.flow_style:
            self._refuse_split(items)
        return Listing(tuple(items), self._place(event.start_mark))

    def _branch(self, event: Any, events: Iterator[yaml.Event], depth: int) -> Node | None:
        entries: dict[str, Entry] = {}
        written: list[Node] = []
        for inner in events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            key = self._node(inner, events, depth + 1)
            value = None if key is None else self._node(next(events), events, depth + 1)
            if key is None or value is None:
                return None
            written += [key, value]
            self._add(entries, key, value)
        if event.flow_style and self._refuse_split(written):
            return Branch({}, self._place(event.start_mark))
        return Branch(entries, self._place(event.start_mark))

    def _add(self, entries: dict[str, Entry], key: Node, value: Node) -> None:
        if not isinstance(key, Leaf):
            wrong = say("A list or a mapping stands where a key is expected.")
            self.problems.append(
                Problem(
                    key.place,
                    wrong,
                    None,
                    say("Write a name, a colon and a blank. Text in brackets belongs in quotes."),
                )
            )
            return
        name = normal(key.text)
        if name in entries:
            first = entries[name].key.place
            self.problems.append(
                Problem(
                    key.place,
                    say("“{name}” stands here a second time.", name=name),
                    say("It was first said in line {line}.", line=first.line),
                    say("Keep one of the two."),
                )
            )
            return
        entries[name] = Entry(key, value)

    def _refuse_split(self, nodes: list[Node]) -> bool:
        for node in nodes:
            if isinstance(node, Leaf) and not node.quoted and node.text.count("(") != node.text.count(")"):
                wrong = say(
                    "In braces or brackets YAML splits at every comma, and “{text}” is what is left here.",
                    text=node.text,
                )
                remedy = say("Write the entries below each other, without braces, or put the whole value in quotes.")
                self.problems.append(Problem(node.place, wrong, None, remedy))
                return True
        return False

    def _refuse(self, event: Any, wrong: Message, remedy: Message) -> None:
        self.problems.append(Problem(self._place(event.start_mark), wrong, None, remedy))

    def _place(self, mark: Any) -> Place:
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return Place(self.name, mark.line + 1, mark.column + 1, line)

    def _unparsed(self, error: yaml.YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        began = getattr(error, "context_mark", None)
        reason = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
        if mark is None:
            wrong = say("The file holds a character that YAML does not allow.")
            remedy = say("Remove the characters that no keyboard writes (control characters, NUL).")
            return Problem(Place(self.name), wrong, None, remedy)
        begun = (began.line + 1, began.column + 1) if began is not None else (0, 0)
        return self._problem(refused(self.lines, (mark.line + 1, mark.column + 1), reason, begun))

    def _problem(self, slip: Slip) -> Problem:
        return _slipped(slip, self.lines, self.name)


def _slipped(slip: Slip, lines: list[str], name: str) -> Problem:
    line = lines[slip.line - 1] if slip.line <= len(lines) else ""
    return Problem(Place(name, slip.line, slip.column, line), slip.wrong, slip.expected, slip.remedy)
