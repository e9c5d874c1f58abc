"""Every word of a policy's files checked against its JSON Schema.

A schema says what may stand where; `x-expects` names what is expected of a value, `x-against` the key that
forbids it, `x-always` what is needed even in a part of a file. What `jsonschema` complains of becomes problems with a place, one a value, in an officer's words.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jsonschema import Draft7Validator, validators
from jsonschema.exceptions import ValidationError

from engine.messages import Message, languages_of_policies, plain, say, words
from engine.source import MOST_SIGNS, Branch, Leaf, Listing, Node, Place, Problem, nearest, normal, number, plain_value

__all__ = ["folder", "keys", "kinds", "problems"]

_FILES = ("policy", "figures", "tables", "facts", "rules", "questions", "cases")
_OVERLAID = ("policy", "figures", "tables", "facts", "rules")
_MOST_SHOWN = 40

Schema = Mapping[str, Any]
Steps = tuple[str | int, ...]


def kinds() -> tuple[str, ...]:
    """The kinds of file that a policy's folder may hold; each is bound to the schema that bears its name."""
    return _FILES


def keys(kind: str) -> tuple[str, ...]:
    """The keys that a file of `kind` may have, in the order of its schema."""
    return tuple(_schema(kind)["properties"])


def folder() -> Path:
    """The folder of the schemas: beside `engine/` in the repository, inside it in an installed package.

    Raises: FileNotFoundError where neither is there.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here.parent / "schemas", here / "_installed" / "schemas"):
        if all((candidate / f"{kind}.schema.json").is_file() for kind in _FILES):
            return candidate
    raise FileNotFoundError(here.parent / "schemas")


def problems(kind: str, tree: Branch, *, partial: bool = False) -> tuple[Problem, ...]:
    """Every problem that the schema of `kind` finds in `tree`, in the order of the file.

    `kind` is one of `kinds`, or `overlay`: the keys of all files together, nothing required.
    `partial`: entries may leave out what they do not change, as in an overlay.
    The overlays of questions are read as well, each part as a partial file of its kind.
    Raises: FileNotFoundError where there is no such kind.
    """
    reading = _Reading(kind, tree, partial)
    value: Any = plain_value(tree)
    for error in _validator(kind).iter_errors(value):
        reading.add(error)
    found = {(problem.place, problem.wrong): problem for problem in reading.problems()}
    for overlay in _overlays(kind, tree):
        found.update({(problem.place, problem.wrong): problem for problem in _in_overlay(overlay)})
    return tuple(sorted(found.values(), key=lambda problem: (problem.place.line, problem.place.column)))


def _overlays(kind: str, tree: Branch) -> Iterator[Branch]:
    if kind == "overlay":
        yield tree
    elif kind == "questions":
        for entry in tree.branch("questions").entries.values():
            if isinstance(entry.value, Branch):
                yield entry.value.branch("overlay")


def _in_overlay(overlay: Branch) -> Iterator[Problem]:
    for kind in _OVERLAID:
        entries = {key: entry for key, entry in overlay.entries.items() if key in _schema(kind)["properties"]}
        if entries:
            yield from problems(kind, Branch(entries, overlay.place), partial=True)


@cache
def _schema(kind: str) -> Schema:
    """The schema of `kind` with every `$ref` written out: each key holds its own title and expectation."""
    if kind == "overlay":
        overlay: Schema = _schema("questions")["definitions"]["overlay"]
        return overlay
    content = json.loads((folder() / f"{kind}.schema.json").read_text(encoding="utf-8"))
    written: Schema = _written_out(content, content.get("definitions", {}))
    return written


def _written_out(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_written_out(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _written_out(definitions[part["$ref"].removeprefix("#/definitions/")], definitions)
    return {key: _written_out(value, definitions) for key, value in part.items()}


@cache
def _validator(kind: str) -> Draft7Validator:
    return _Validator(_schema(kind))


def _matches(validator: Any, pattern: str, value: object, schema: Schema) -> Iterator[ValidationError]:
    """`pattern` as JSON Schema means it: `$` is the end of the value, and not (as in Python) also before a last line break."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator: type[Draft7Validator] = validators.extend(  # type: ignore[no-untyped-call]  # carries no types
    Draft7Validator, {"pattern": _matches}
)


@dataclass(frozen=True)
class _Spot:
    """The node that an error speaks of, and its key: none for a file or an item of a list."""

    node: Node
    key: Leaf | None
    is_item: bool

    @property
    def place(self) -> Place:
        """Where something that is missing is missed: at the mapping's own key, else at its first one."""
        if self.key is not None:
            return self.key.place
        first = next(iter(self.node.entries.values()), None) if isinstance(self.node, Branch) else None
        return self.node.place if first is None else first.key.place

    def said(self) -> Message:
        """The thing, as the beginning of a sentence."""
        if self.key is not None:
            return say("“{name}”", name=self.key.text)
        return say("The item") if self.is_item else say("The file")


def _spot(tree: Node, path: Steps) -> _Spot:
    node: Node = tree
    key: Leaf | None = None
    is_item = False
    for step in path:
        if isinstance(node, Branch) and isinstance(step, str):
            key, node, is_item = node.entries[step].key, node.entries[step].value, False
        elif isinstance(node, Listing) and isinstance(step, int):
            node, key, is_item = node.items[step], None, True
    return _Spot(node, key, is_item)


@dataclass
class _Reading:
    """The complaints about one tree, sorted by what they speak of; each value is complained about once."""

    kind: str
    tree: Branch
    partial: bool
    unknown: dict[Steps, Schema] = field(default_factory=dict)
    always: set[Steps] = field(default_factory=set)
    needed: dict[Steps, list[str]] = field(default_factory=dict)
    either: dict[Steps, list[list[str]]] = field(default_factory=dict)
    against: dict[Steps, str] = field(default_factory=dict)
    values: dict[Steps, Schema] = field(default_factory=dict)

    def add(self, error: ValidationError) -> None:
        """Keep `error` under what it speaks of."""
        path, schema = tuple(error.absolute_path), error.schema
        assert isinstance(schema, Mapping)
        if schema.get("x-always"):
            self.always.add(path)
        if error.validator == "additionalProperties":
            self.unknown[path] = schema["properties"]
        elif error.validator == "required":
            kept = self.needed.setdefault(path, [])
            kept += [key for key in schema["required"] if key not in kept]
        elif error.validator == "anyOf":
            self.either[path] = [branch["required"] for branch in schema["anyOf"]]
        elif error.validator == "not":
            self.against[path] = schema["x-against"]
        else:
            self.values.setdefault(path, schema)

    def problems(self) -> Iterator[Problem]:
        """The problems, those of one sort together."""
        meant: dict[Steps, set[str]] = {}
        for path, keys in self.unknown.items():
            yield from self._unknown(path, keys, meant)
        for path, needed in self.needed.items():
            if path in self.always or not self.partial:
                yield from _missing(_spot(self.tree, path), needed, meant.get(path, set()))
        for path, branches in self.either.items():
            if path in self.always or not self.partial:
                yield from _neither(_spot(self.tree, path), branches, meant.get(path, set()))
        for path, key in self.against.items():
            yield _refused(path, _spot(self.tree, path), key, _spot(self.tree, (*path[:-1], key)))
        for path, schema in self.values.items():
            if path not in self.against:
                yield _wrong_value(_spot(self.tree, path), schema)

    def _unknown(self, path: Steps, keys: Schema, meant: dict[Steps, set[str]]) -> Iterator[Problem]:
        node = _spot(self.tree, path).node
        assert isinstance(node, Branch)
        free = {key: schema["title"] for key, schema in keys.items() if key not in node.entries}
        spellings = {spelling: key for key, title in free.items() for spelling in (key, title)}
        for name, entry in node.entries.items():
            if name in keys:
                continue
            close = _nearest(name, spellings)
            if close:
                meant.setdefault(path, set()).add(close)
            homes = [kind for kind in _FILES if name in _schema(kind)["properties"]] if not path else []
            wrong = say("The key “{key}” is not known here.", key=entry.key.text)
            yield Problem(entry.key.place, wrong, *_instead(close, homes, list(keys)))


def _instead(close: str | None, homes: Sequence[str], keys: Sequence[str]) -> tuple[Message | None, Message]:
    """What to do about an unknown key: where it belongs, the nearest one, or which ones there are."""
    if homes:
        return say("It belongs in {file}.", file=f"{homes[0]}.yaml"), say("Move it there.")
    if close:
        return None, say("Did you mean “{close}”?", close=close)
    return say("The keys here are {keys}.", keys=tuple(keys)), say("Write one of these, or remove it.")


def _nearest(text: str, spellings: Mapping[str, str]) -> str | None:
    """What the spelling means that `text` most resembles, if it resembles any."""
    found = nearest(text.lower(), spellings)
    return None if found is None else spellings[found]


def _missing(spot: _Spot, needed: Sequence[str], meant: set[str]) -> Iterator[Problem]:
    assert isinstance(spot.node, Branch)
    missing = tuple(key for key in needed if key not in spot.node.entries and key not in meant)
    if not missing:
        return
    wrong = say("{thing} does not say {missing}.", thing=spot.said(), missing=missing)
    remedy = say("Add the line “{key}: …”.", key=missing[0]) if len(missing) == 1 else say("Add the lines.")
    yield Problem(spot.place, wrong, say("Needed here: {keys}.", keys=tuple(needed)), remedy)


def _neither(spot: _Spot, branches: Sequence[Sequence[str]], meant: set[str]) -> Iterator[Problem]:
    """The problem that none of `branches` is said in full; it speaks of the one that was begun."""
    assert isinstance(spot.node, Branch)
    present = {*spot.node.entries, *meant}
    if any(present.issuperset(branch) for branch in branches):
        return
    expected = say("Needed here: {keys}.", keys=_joined(branches))
    begun = next((branch for branch in branches if present.intersection(branch)), None)
    if begun is None:
        if len(branches) == 2:
            one, other = _all(branches[0]), _all(branches[1])
            wrong = say("{thing} says neither {one} nor {other}.", thing=spot.said(), one=one, other=other)
            yield Problem(spot.place, wrong, expected, say("Add one of the two."))
        else:
            wrong = say("{thing} says none of {keys}.", thing=spot.said(), keys=tuple(map(_all, branches)))
            yield Problem(spot.place, wrong, expected, say("Add one of them."))
        return
    missing = [key for key in begun if key not in present]
    wrong = say("{thing} does not say {missing}.", thing=spot.said(), missing=tuple(missing))
    yield Problem(spot.place, wrong, expected, say("Add the line “{key}: …”.", key=missing[0]))


def _joined(branches: Sequence[Sequence[str]]) -> Message:
    joined = _all(branches[0])
    for branch in branches[1:]:
        joined = say("{one}, or {other}", one=joined, other=_all(branch))
    return joined


def _all(keys: Sequence[str]) -> Message:
    if len(keys) == 1:
        return say("{key}", key=keys[0])
    return say("{one} and {other}", one=keys[0], other=keys[1])


def _refused(path: Steps, spot: _Spot, key: str, other: _Spot) -> Problem:
    assert spot.key is not None and other.key is not None
    said = f"{key}: {_shown(other.node.text)}" if isinstance(other.node, Leaf) else key
    wrong = say("“{key}” does not go with “{other}”.", key=spot.key.text, other=said)
    if spot.key.place.file == other.key.place.file:
        return Problem(spot.key.place, wrong, None, say("Keep one of the two lines."))
    where = say("The other one stands at {place}.", place=str(other.key.place))
    remedy = say(
        "Say in policy.yaml under “removed” which one goes, for example “{path}”.", path=".".join(map(str, path))
    )
    return Problem(spot.key.place, wrong, where, remedy)


_NOUNS: Mapping[str, Message] = MappingProxyType(
    {
        "number": say("a number"),
        "expression": say("an expression"),
        "name": say("a name"),
        "text": say("a text"),
        "date": say("a date"),
        "truth": say("a truth"),
        "year": say("a year"),
        "choice": say("one of the choices"),
        "value": say("a value"),
    }
)

_FORMS: Mapping[str, Message] = MappingProxyType(
    {
        "number": say("Expected is a number such as 24000, 0.15, 2/37 or 80%."),
        "expression": say("Expected is a name, a number or a calculation such as min(a, 2 * b)."),
        "name": say("Expected is one name, without blanks or signs."),
        "text": say("Expected is a text, in quotes where it looks like a number."),
        "date": say("Expected is a date such as 2023-07-01."),
        "truth": say("Expected is true or false."),
        "year": say("Expected is a year such as 2023."),
        "value": say("Expected is a number, a text or a date."),
    }
)


def _wrong_value(spot: _Spot, schema: Schema) -> Problem:
    """The problem with the value at `spot`, which `schema` does not let pass."""
    node = spot.node
    if isinstance(node, Leaf) and not normal(node.text):
        return _empty(spot, node, schema)
    wanted = schema.get("type")
    if isinstance(node, Listing) and wanted == "array":
        wrong = say("The list is empty.")
        return Problem(node.place, wrong, _expected(schema), say("Write at least one value."))
    if wanted == "object" or wanted == "array" or not isinstance(node, Leaf):
        return _wrong_shape(node, schema)
    if "enum" in schema:
        return _no_choice(node, schema["enum"])
    expects = schema["x-expects"]
    wrong = say("“{text}” is not {noun}.", text=_shown(node.text), noun=_NOUNS[expects])
    return Problem(node.place, wrong, _FORMS[expects], _HINTS.get(expects, _no_hint)(node))


def _empty(spot: _Spot, node: Leaf, schema: Schema) -> Problem:
    if node.quoted:
        wrong = say("There is nothing between the quotes.")
    elif spot.is_item:
        wrong = say("There is no value behind the dash.")
    else:
        wrong = say("There is no value behind the colon.")
    remedy = say("Write it, or remove the line.")
    if schema.get("x-expects") == "value":
        remedy = say('Write it, or "" where it is to be blank.')
    return Problem(node.place, wrong, _expected(schema), remedy)


def _expected(schema: Schema) -> Message:
    """What `schema` expects, as a sentence."""
    if "enum" in schema:
        return say("The choices are {choices}.", choices=tuple(schema["enum"]))
    if schema.get("type") == "array":
        return say("Expected is a list: a line “- …” for each value.")
    if schema.get("type") == "object":
        if "properties" in schema:
            return say("The keys here are {keys}.", keys=tuple(schema["properties"]))
        return say("Expected are entries: a line “name: …” for each.")
    return _FORMS[schema["x-expects"]]


def _wrong_shape(node: Node, schema: Schema) -> Problem:
    wanted = schema.get("type")
    if wanted == "object":
        noun = say("a group of entries")
        remedy = say("Write each entry on a line of its own below it, indented by two blanks.")
    elif wanted == "array":
        noun = say("a list")
        remedy = say("Write each value on a line of its own below it, with “- ” before it.")
    else:
        noun, remedy = _NOUNS[schema["x-expects"]], say("Write one value behind the colon.")
    if isinstance(node, Leaf):
        wrong = say("“{text}” stands where {noun} is expected.", text=_shown(node.text), noun=noun)
    elif isinstance(node, Listing):
        wrong = say("A list stands where {noun} is expected.", noun=noun)
    else:
        wrong = say("A group of entries stands where {noun} is expected.", noun=noun)
    return Problem(node.place, wrong, _expected(schema), remedy)


def _no_choice(node: Leaf, choices: Sequence[str]) -> Problem:
    wrong = say("“{text}” is not one of the choices.", text=_shown(node.text))
    close = _nearest(node.text, {str(choice): str(choice) for choice in choices})
    remedy = say("Did you mean “{close}”?", close=close) if close else say("Write one of these.")
    return Problem(node.place, wrong, say("The choices are {choices}.", choices=tuple(choices)), remedy)


def _shown(text: str) -> str:
    """`text` on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"


def _no_hint(leaf: Leaf) -> Message | None:
    return None


def _text_hint(leaf: Leaf) -> Message | None:
    return say("Put it in quotes.")


def _truth_hint(leaf: Leaf) -> Message | None:
    text = normal(leaf.text).lower()
    known = [words(language) for language in languages_of_policies()]
    if any(text in each.yes for each in known) or text == "on":
        answer = "true"
    elif any(text in each.no for each in known) or text == "off":
        answer = "false"
    else:
        return None
    if leaf.quoted:
        return say("Write {answer}, without quotes.", answer=answer)
    return say("Write {answer}.", answer=answer)


_DAY = re.compile(r"([0-9]{4})\s?[-/.年]?\s?([0-9]{1,2})\s?[-/.月]?\s?([0-9]{1,2})\s?日?(?:[T ][0-9:.]+)?")
_YEAR = re.compile(r"([0-9]{4})\s?(?:年度?|-.*)")


def _date_hint(leaf: Leaf) -> Message | None:
    found = _DAY.fullmatch(normal(leaf.text))
    if found is None:
        return None
    try:
        day = datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return say("Write {date}.", date=day.isoformat())


def _year_hint(leaf: Leaf) -> Message | None:
    found = _YEAR.fullmatch(normal(leaf.text))
    return say("Write {year}.", year=found[1]) if found else None


def _number_hint(leaf: Leaf) -> Message | None:
    text = normal(leaf.text)
    if len(text) > MOST_SIGNS:
        return say("A number has at most {most} signs.", most=MOST_SIGNS)
    if number(text) is not None:
        return say("Write {number}, in half-width characters.", number=text)
    for pattern, hint in _NUMBER_HINTS:
        if found := re.fullmatch(pattern, text):
            return hint(found)
    return None


def _without_commas(found: re.Match[str]) -> Message:
    return say("Write {number}, without commas.", number=found[0].replace(",", ""))


def _without_zeros(found: re.Match[str]) -> Message:
    return say("Write {number}, without leading zeros.", number=found[1] + found[2])


def _without_plus(found: re.Match[str]) -> Message:
    return say("Write {number}, without the plus.", number=found[1])


def _with_digit(found: re.Match[str]) -> Message:
    return say("Write {number}, with a digit before the point.", number=f"{found[1]}0.{found[2]}")


def _without_point(found: re.Match[str]) -> Message:
    return say("Write {number}, without the point.", number=found[1])


def _as_fraction(found: re.Match[str]) -> Message:
    return say("Write a ratio as a fraction: {number}.", number=f"{found[1]}/{found[2]}")


def _written_exponent(found: re.Match[str]) -> Message:
    return say("Write it out: {number}.", number=plain(Fraction(found[0])))


def _written_scale(found: re.Match[str]) -> Message:
    value = Fraction(found[1])
    for sign in found[2]:
        value *= _SCALES[sign]
    return say("Write it out: {number}.", number=plain(value))


def _without_unit(found: re.Match[str]) -> Message:
    return say("Write {number}; the unit has a key of its own.", number=found[1].replace(",", ""))


def _without_joints(found: re.Match[str]) -> Message:
    return say("Write {number}, without “_”.", number=found[0].replace("_", ""))


def _whole_fraction(found: re.Match[str]) -> Message:
    return say("Write a fraction as whole numbers without leading zeros, the lower one above 0.")


def _as_rule(found: re.Match[str]) -> Message:
    return say("Write the number itself; a calculation belongs in rules.yaml.")


_SCALES: Mapping[str, int] = MappingProxyType({"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8})
_PLAIN = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_GROUPED = r"-?[1-9][0-9]{0,3}(?:,[0-9]{3,4})+(?:\.[0-9]+)?"

_NUMBER_HINTS: tuple[tuple[str, Callable[[re.Match[str]], Message]], ...] = (
    (_GROUPED, _without_commas),
    (r"(-?)0+([0-9]+(?:\.[0-9]+)?\s?%?)", _without_zeros),
    (rf"\+({_PLAIN}\s?%?)", _without_plus),
    (r"(-?)\.([0-9]+\s?%?)", _with_digit),
    (r"(-?(?:0|[1-9][0-9]*))\.", _without_point),
    (r"([1-9][0-9]*)\s?:\s?([1-9][0-9]*)", _as_fraction),
    (rf"{_PLAIN}[eE][-+]?[0-9]{{1,2}}", _written_exponent),
    (rf"[¥$]?\s?({_PLAIN})\s?([十百千万亿]{{1,2}})[^\W\d]{{0,4}}(?:/[^\W\d]+)?", _written_scale),
    (rf"[¥$]?\s?({_PLAIN}|{_GROUPED})\s?(?:[^\W\d]{{1,8}}(?:/[^\W\d]+)?)?", _without_unit),
    (r"-?[1-9][0-9]*(?:_[0-9]+)+", _without_joints),
    (r"-?[0-9.]+\s?/\s?-?[0-9.]+", _whole_fraction),
    (r"(?s).*[-+*/()×÷].*", _as_rule),
)
"""What a number that is none looks like, with what to write instead; the first that fits speaks."""

_HINTS: Mapping[str, Callable[[Leaf], Message | None]] = MappingProxyType(
    {"number": _number_hint, "truth": _truth_hint, "text": _text_hint, "date": _date_hint, "year": _year_hint}
)
