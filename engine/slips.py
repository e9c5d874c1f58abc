"""Slips in YAML text: what the eye cannot see, and what was probably meant where the parser gives up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.messages import Message, say

__all__ = ["UNSEEN", "Slip", "negation", "refused", "unseen"]


@dataclass(frozen=True)
class Slip:
    """What is wrong at a line and a column (both from 1), what was expected and what to do."""

    line: int
    column: int
    wrong: Message
    expected: Message | None
    remedy: Message


# What the eye cannot see

_UNSEEN: tuple[tuple[re.Pattern[str], Message], ...] = (
    (re.compile("[\u200b-\u200d\u2060]"), say("a blank of no width")),
    (re.compile("\ufeff"), say("a byte order mark")),
    (re.compile("\u00ad"), say("a soft hyphen")),
    (re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]"), say("a mark of the direction of writing")),
    (re.compile("[\u0085\u2028\u2029]"), say("a line separator")),
    (re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]"), say("a control character")),
)
UNSEEN = re.compile("|".join(pattern.pattern for pattern, _ in _UNSEEN))
"""A character that the eye cannot see: between double quotes a policy file writes it as `\\u200b`."""
_INDENT = re.compile(r"[\s\u00a0\u3000]*")
_KEY = r"\s*(?:- )?[^\s:#\"'：]+"
_WIDE_COLON = re.compile(r"\s*(?:- )?[^\s:#\"'：]+：(?!.*:\s)")
_WIDE_BEHIND_COLON = re.compile(rf"{_KEY}: *([\u00a0\u3000])")
_WIDE_AT_END = re.compile(rf"{_KEY}: .*?([\u00a0\u3000])\s*")


def unseen(lines: Sequence[str]) -> Iterator[Slip]:
    """What the eye cannot see and YAML says badly, or not at all: control characters, blanks of no width, tabs, wide blanks."""
    for at, line in enumerate(lines, 1):
        finders: tuple[Callable[[int, str], Slip | None], ...] = (_control, _indent, _wide_colon, _wide_blank)
        yield from [slip for find in finders if (slip := find(at, line)) is not None][:1]


def _control(at: int, line: str) -> Slip | None:
    found = UNSEEN.search(line)
    if found is None:
        return None
    kind = next(name for pattern, name in _UNSEEN if pattern.match(found[0]))
    code = f"U+{ord(found[0]):04X}"
    wrong = say("A character that cannot be seen stands here: {kind} ({code}).", kind=kind, code=code)
    return Slip(at, found.start() + 1, wrong, None, say("Delete it: put the cursor behind it and press backspace."))


def _indent(at: int, line: str) -> Slip | None:
    indent = _INDENT.match(line)
    for column, character in enumerate(indent[0] if indent else "", 1):
        if character in "\t\u00a0\u3000":
            kind = say("a tab") if character == "\t" else say("a wide or no-break blank")
            return Slip(
                at,
                column,
                say("The line is indented with {kind}.", kind=kind),
                say("YAML is indented with ordinary blanks, two for each level."),
                say("Replace it by ordinary blanks."),
            )
    return None


def _wide_colon(at: int, line: str) -> Slip | None:
    if not (_WIDE_COLON.fullmatch(line.partition("：")[0] + "：") and _WIDE_COLON.match(line)):
        return None
    return Slip(
        at,
        line.index("：") + 1,
        say("A full-width colon (：) stands where YAML needs an ordinary one."),
        say("A key is followed by an ordinary colon and a blank."),
        say("Write “: ” instead of “：”."),
    )


def _wide_blank(at: int, line: str) -> Slip | None:
    found = _WIDE_BEHIND_COLON.match(line) or _WIDE_AT_END.fullmatch(line)
    if found is None:
        return None
    kind = say("a no-break blank (U+00A0)") if found[1] == "\u00a0" else say("a full-width blank (U+3000)")
    return Slip(
        at,
        found.start(1) + 1,
        say("Beside the value stands {kind}, which cannot be told from an ordinary blank.", kind=kind),
        say("A key is followed by an ordinary colon and a blank."),
        say("Replace it by an ordinary blank, or delete it at the end of the line."),
    )


# What was probably meant where the parser gives up

_ALIGNMENT = ("mapping values", "expected key", "block end", "'-' indicator", "could not find", "document start")


@dataclass(frozen=True)
class _Stop:
    """Where the parser gave up, why, and where what it was reading began (line 0: it does not say)."""

    lines: Sequence[str]
    line: int
    column: int
    reason: str
    began: tuple[int, int]

    @property
    def near(self) -> tuple[int, ...]:
        """The line, and the three before it that say something, the nearest first."""
        above = [at for at in range(self.line - 1, 0, -1) if self.at(at).strip() and self.at(at).lstrip()[0] != "#"]
        return (self.line, *above[:3])

    def at(self, line: int) -> str:
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""


def refused(lines: Sequence[str], place: tuple[int, int], reason: str, began: tuple[int, int]) -> Slip:
    """What was probably meant where the parser gives up at `place` for `reason`, at the line that has to be mended.

    `began` is where the parser says that what it was reading began; (0, 0) where it does not say.
    """
    stop = _Stop(lines, *place, reason, began)
    finders: tuple[Callable[[_Stop], Slip | None], ...] = (_tag, _open_quote, _behind_quote, _open_bracket)
    if any(part in reason for part in _ALIGNMENT):
        finders += (_glued, _without_colon, _crooked)
    for find in finders:
        slip = find(stop)
        if slip is not None:
            return slip
    wrong, remedy = _said_plainly(reason)
    return Slip(*place, wrong, None, remedy)


_NEGATED = re.compile(r"!\s*([^\s!#,\[\]{}\"'=]+)")


def negation(text: str) -> Message | None:
    """What to write where `text` begins with “!” before a name: the word “not”; None where no name follows."""
    found = _NEGATED.match(text)
    return say("For the opposite write “not {name}”.", name=found[1]) if found else None


def _tag(stop: _Stop) -> Slip | None:
    line, column = stop.began if stop.began[0] == stop.line else (stop.line, stop.column)
    text = stop.at(line)[column - 1 :]
    remedy = negation(text)
    if "whitespace or line break" not in stop.reason or remedy is None:
        return None
    return Slip(line, column, say("The value begins with “!”, which YAML keeps for itself."), None, remedy)


_OPENED = re.compile(r"(?:.*?[:\-])?\s+([\"'])(?:(?!\1).)*")


def _open_quote(stop: _Stop) -> Slip | None:
    """The line whose value opens a quote that it does not close."""
    line = stop.began[0] if "end of stream" in stop.reason or "quoted scalar" in stop.reason else 0
    for mark in "\"'":
        if not line and mark in stop.at(stop.line)[: stop.column - 1]:
            above = next((at for at in range(stop.line - 1, 0, -1) if mark in stop.at(at)), 0)
            found = _OPENED.fullmatch(stop.at(above))
            line = above if found is not None and found[1] == mark else 0
    found = _OPENED.match(stop.at(line)) if line else None
    if found is None:
        return None
    wrong = say("A quote is opened here and not closed on this line.")
    return Slip(line, found.start(1) + 1, wrong, None, say("Close the quote on the same line."))


def _behind_quote(stop: _Stop) -> Slip | None:
    before = stop.at(stop.line)[: stop.column - 1]
    if not re.search(r":\s+([\"']).*\1\s*$", before) or not stop.at(stop.line)[stop.column - 1 :].strip():
        return None
    wrong = say("Text stands behind the closing quote.")
    remedy = say("Put the whole value into quotes of the other kind: '…' around \"…\".")
    return Slip(stop.line, stop.column, wrong, None, remedy)


def _open_bracket(stop: _Stop) -> Slip | None:
    if not re.search(r"flow|expected '[,\]}]'", stop.reason):
        return None
    line, column = stop.began if stop.began[0] else (stop.line, stop.column)
    wrong = say("A brace or bracket is not closed, or a comma is missing.")
    return Slip(line, column, wrong, None, say("Write the entries below each other, without braces."))


_GLUED = re.compile(r"\s*(?:- )?([^\s:#\"'：]+):([^\s:/\\].*)")


def _glued(stop: _Stop) -> Slip | None:
    """A key with its value right behind the colon."""
    for at in stop.near:
        found = _GLUED.fullmatch(stop.at(at).rstrip())
        if found is not None and ": " not in found[0] and not found[0].endswith(":"):
            return Slip(
                at,
                found.start(2) + 1,
                say("No blank stands behind the colon."),
                say("A key is followed by an ordinary colon and a blank."),
                say("Write “{key}: {value}”.", key=found[1], value=found[2]),
            )
    return None


def _without_colon(stop: _Stop) -> Slip | None:
    """A key without its colon: a line that holds none, where an entry is expected."""
    for at in stop.near[:2]:
        line, above = stop.at(at), stop.at(_before(stop, at))
        begins = above.rstrip().endswith(":") or _depth(line) <= _depth(above)
        if line.strip() and ":" not in line and not line.lstrip().startswith(("-", "#")) and begins:
            wrong = say("A colon and a blank are missing behind a key.")
            remedy = say("Write “name: value”; a longer text continues with a deeper indent.")
            return Slip(at, _depth(line) + 1, wrong, None, remedy)
    return None


def _before(stop: _Stop, line: int) -> int:
    return next((at for at in range(line - 1, 0, -1) if stop.at(at).strip()), 0)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _crooked(stop: _Stop) -> Slip | None:
    """The line that is not indented by one step more than what it stands below."""
    step = 2 if any(_depth(line) % 4 == 2 for line in stop.lines) else 4
    for at in sorted(stop.near[:2]):
        depth = _depth(stop.at(at))
        above = next((below for below in range(at - 1, 0, -1) if _is_above(stop.at(below), depth)), 0)
        wanted = _depth(stop.at(above)) + step if above else 0
        if above and stop.at(above).lstrip().startswith("- "):
            wanted = _depth(stop.at(above)) + 2
        below = next((line for line in stop.lines[at:] if line.strip()), "")
        if stop.at(at).rstrip().endswith(":") and _depth(below) >= step:  # it holds what stands below it
            wanted = _depth(below) - step
        if depth != wanted:
            return Slip(
                at,
                depth + 1,
                say("The line has an indent of {count}.", count=depth),
                say("Entries of one level have the same indent; here it is {wanted}.", wanted=wanted),
                say("Begin the line with {wanted} blanks.", wanted=wanted),
            )
    return None


def _is_above(line: str, depth: int) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#") and _depth(line) < depth


def _said_plainly(reason: str) -> tuple[Message, Message]:
    """YAML's own complaint in words that an officer can act on."""
    for pattern, wrong, remedy in _COMPLAINTS:
        if re.search(pattern, reason):
            return wrong, remedy
    return (
        say("The line cannot be read as YAML: {reason}.", reason=reason),
        say("Compare it with a line that works, or put the value in quotes."),
    )


_COMPLAINTS: tuple[tuple[str, Message, Message], ...] = (
    (
        r"mapping values are not allowed",
        say("A second “: ” stands in one line, or the line is indented further than its neighbours."),
        say("Put a text that contains “: ” in quotes; align the line with its neighbours."),
    ),
    (
        r"found character .*cannot start any token",
        say("The value begins with a character that YAML keeps for itself."),
        say("Put the value in quotes."),
    ),
    (
        r"could not find expected ':'|simple key",
        say("A colon and a blank are missing behind a key."),
        say("Write “name: value”; a longer text continues with a deeper indent."),
    ),
    (
        r"alphabetic or numeric|block sequence entries|comment or line break",
        say("The value begins with a character that YAML keeps for itself."),
        say("Put the value in quotes, or write the list below its key."),
    ),
    (
        r"expected key|'-' indicator|block end|expected <document start>|block mapping",
        say("The line is not aligned with the ones above it."),
        say("Give entries of one level the same number of blanks; close every quote."),
    ),
    (
        r"unknown escape character",
        say("A backslash stands between double quotes, where it has a meaning of its own."),
        say("Leave it out, or write single quotes."),
    ),
)
"""The parser's complaints, each with what it means to an officer; the first that fits speaks."""
