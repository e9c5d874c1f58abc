"""The expression language: parsed once behind an allow-list, and read by any algebra.

An expression is Python's expression grammar cut down to numbers, texts, names, arithmetic, comparison, truth, choice and the
words of `VOCABULARY`. `simpleeval` walks the tree; what truth, choice and every operation mean belongs to the `Algebra`.
"""

from __future__ import annotations

import ast
import copy
import re
import unicodedata
import warnings
from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Generic, NoReturn, TypeVar

from simpleeval import SimpleEval

from engine.messages import Message, plain, say
from engine.source import MOST_SIGNS, Leaf, Place, Problem, number

__all__ = [
    "AGGREGATES",
    "CALENDAR",
    "COMPARISONS",
    "CONSTANTS",
    "ROUNDINGS",
    "SPLIT",
    "SPOKEN",
    "SUGAR",
    "VOCABULARY",
    "Algebra",
    "Expression",
    "Personal",
    "Reader",
    "Refusal",
    "calls",
    "is_gathering",
    "is_name",
    "is_ranking",
    "names_in",
    "nodes_in",
    "parse",
    "renamed",
    "rewritten",
]

_MOST_CHARACTERS = 2000
_MOST_NODES = 400
_MOST_DEPTH = 40
_MOST_KNOWN = 20_000

ROUNDINGS = ("round_half_up", "round_half_even", "round_up", "round_down")
"""The roundings of the language; each takes a value and a step and gives a multiple of the step."""

VOCABULARY: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "min": (1, 20),
        "max": (1, 20),
        "abs": (1, 1),
        **dict.fromkeys(ROUNDINGS, (2, 2)),
        "lookup": (2, 8),
        "sum": (1, 1),
        "count": (1, 1),
        "any": (1, 1),
        "all": (1, 1),
        "highest": (2, 2),
        "lowest": (2, 2),
        "rank": (1, 1),
        "date": (3, 3),
        "year_start": (1, 1),
        "years_before": (2, 2),
        "full_years": (2, 2),
        "full_months": (2, 2),
        "days_between": (2, 2),
        "year": (1, 1),
        "month": (1, 1),
        "given": (1, 1),
        "valid": (1, 1),
        "other": (1, 1),
    }
)
"""Each word of the language with the least and the greatest number of its arguments."""

AGGREGATES: Mapping[str, str] = MappingProxyType(
    {
        "sum": "sum",
        "count": "count",
        "any": "any",
        "all": "all",
        "min": "min",
        "max": "max",
        "highest": "max",
        "lowest": "min",
    }
)
"""The words that gather what is read for each person of a group, with what they do; `min` and `max` of one value only."""

CALENDAR = ("date", "year_start", "years_before", "full_years", "full_months", "days_between", "year", "month")
"""The words over days: a day, 1 January of its year, years earlier; completed years, completed months and days from one day
to another; the number of its year and of its month."""

SUGAR = ("given", "valid", "other")
"""The words that elaboration replaces by names; no algebra meets them."""

CONSTANTS = ("true", "false", "today")
"""The names that every policy has: the two truths, and the day of the run (only where a fact says what absence means)."""

COMPARISONS: Mapping[type[ast.cmpop], str] = MappingProxyType(
    {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
)

V = TypeVar("V")


class Refusal(Exception):
    """An algebra cannot read an operation; the walker adds which part of the expression it was."""

    def __init__(self, wrong: Message, expected: Message | None = None, remedy: Message | None = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.expected = expected
        self.remedy = remedy


class Algebra(ABC, Generic[V]):
    """A value domain: what each operation of the language means over values of type `V`.

    Truth and choice are operations like any other, so that a domain without Python truth (columns, intervals, proofs) can
    read every expression. All operations are total over what `check` has let through.
    """

    @abstractmethod
    def number(self, value: Fraction) -> V:
        """The constant number `value`, exact."""

    @abstractmethod
    def text(self, value: str) -> V:
        """The constant text `value`."""

    @abstractmethod
    def truth(self, value: bool) -> V:
        """The constant truth `value`."""

    @abstractmethod
    def negate(self, value: V) -> V:
        """`-value`."""

    @abstractmethod
    def add(self, left: V, right: V) -> V:
        """`left + right`."""

    @abstractmethod
    def subtract(self, left: V, right: V) -> V:
        """`left - right`."""

    @abstractmethod
    def multiply(self, left: V, right: V) -> V:
        """`left * right`."""

    @abstractmethod
    def divide(self, left: V, right: V) -> V:
        """`left / right`, exact; `check` has shown `right` above zero."""

    @abstractmethod
    def compare(self, operator: str, left: V, right: V) -> V:
        """The truth of `left operator right`; the operator is one of `COMPARISONS`."""

    @abstractmethod
    def both(self, left: V, right: V) -> V:
        """`left and right`; both sides have been read."""

    @abstractmethod
    def either(self, left: V, right: V) -> V:
        """`left or right`; both sides have been read."""

    @abstractmethod
    def opposite(self, value: V) -> V:
        """`not value`."""

    @abstractmethod
    def choose(self, condition: V, chosen: V, otherwise: V) -> V:
        """`chosen if condition else otherwise`; both branches have been read."""

    @abstractmethod
    def minimum(self, values: Sequence[V]) -> V:
        """The lowest of `values`."""

    @abstractmethod
    def maximum(self, values: Sequence[V]) -> V:
        """The highest of `values`."""

    @abstractmethod
    def absolute(self, value: V) -> V:
        """`value` without its sign."""

    @abstractmethod
    def rounded(self, rounding: str, value: V, step: V) -> V:
        """`value` as a multiple of `step` (above zero); `rounding` is one of `ROUNDINGS`. Halves up means towards +∞."""

    @abstractmethod
    def lookup(self, table: str, keys: Sequence[V]) -> V:
        """The figure of `table` under `keys`."""

    def calendar(self, word: str, values: Sequence[V]) -> V:
        """What `word`, one of `CALENDAR`, gives for `values`."""
        raise Refusal(say("“{word}” cannot be read here.", word=word))

    def gather(self, word: str, group: str, values: Sequence[V], nobody: Sequence[V]) -> V:
        """What `word` (sum, count, any, all, min or max) makes of the `values` of the persons of `group`.

        Over no person: sum and count 0, any false, all true, min and max the one value in `nobody`.
        """
        raise Refusal(say("“{word}” cannot be read here.", word=word))

    def rank(self, group: str, values: Sequence[V], index: int) -> V:
        """The place, from 1, of the person `index` among the persons of `group` in the rising order of their `values`.

        Of equal values the one that stands first comes first.
        """
        raise Refusal(say("“{word}” cannot be read here.", word="rank"))

    def among(self, value: V, options: Sequence[V]) -> V:
        """Whether `value` equals one of `options`."""
        found = self.compare("==", value, options[0])
        for option in options[1:]:
            found = self.either(found, self.compare("==", value, option))
        return found

    def named(self, name: str, value: V) -> V:
        """`value` once it is known under `name`; an algebra that keeps a record hooks in here."""
        return value

    def refused(self, refusal: Refusal, place: Place) -> V:
        """What an operation that this algebra refused comes to; by default the refusal ends the reading."""
        raise refusal


class _Numeral(Fraction):
    """An exact constant that writes itself as policies write numbers."""

    def __repr__(self) -> str:
        return plain(self)


@dataclass(frozen=True, eq=False)
class Expression:
    """A parsed expression: what was written, the tree of it, and where it stands. Equal by meaning of text, not by layout."""

    text: str
    tree: ast.expr
    leaf: Leaf

    @cached_property
    def canonical(self) -> str:
        """The expression with one layout: the same for every way of spacing the same expression."""
        return _written_alike(self.tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    @property
    def place(self) -> Place:
        """Where the expression begins."""
        return self.leaf.at(0)

    def place_of(self, node: ast.AST) -> Place:
        """Where `node` of the tree stands; Python counts columns in UTF-8 bytes, people in characters."""
        offset: int = getattr(node, "col_offset", 0)
        return self.leaf.at(len(self.text.encode()[:offset].decode(errors="replace")))


@lru_cache(maxsize=_MOST_KNOWN)
def _written_alike(tree: ast.AST) -> str:
    """`tree` with one layout; remembered, as `_names_in`."""
    return ast.unparse(tree)


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a fact, a figure or a rule in an expression."""
    return text.isidentifier() and text not in CONSTANTS and text not in VOCABULARY and not _is_keyword(text)


def _is_keyword(text: str) -> bool:
    return text in ("and", "or", "not", "in", "if", "else", "is", "lambda", "True", "False", "None")


def names_in(tree: ast.AST) -> Iterator[ast.Name]:
    """Every name that `tree` reads: not the words of the vocabulary, not the table of a lookup."""
    return iter(_names_in(tree))


@lru_cache(maxsize=_MOST_KNOWN)
def _names_in(tree: ast.AST) -> tuple[ast.Name, ...]:
    """As `names_in`; remembered, since a tree is never changed and is asked again by every check and every reading."""
    return tuple(_each_name(tree))


def _each_name(tree: ast.AST) -> Iterator[ast.Name]:
    if isinstance(tree, ast.Call):
        arguments = tree.args[1:] if isinstance(tree.func, ast.Name) and tree.func.id == "lookup" else tree.args
        for argument in arguments:
            yield from _each_name(argument)
    elif isinstance(tree, ast.Name):
        yield tree
    else:
        for child in ast.iter_child_nodes(tree):
            yield from _each_name(child)


def is_gathering(call: ast.Call) -> bool:
    """Whether `call` gathers over the persons of a group."""
    word = call.func.id if isinstance(call.func, ast.Name) else ""
    return word in AGGREGATES and (word not in ("min", "max") or len(call.args) == 1)


def is_ranking(call: ast.Call) -> bool:
    """Whether `call` asks for the place of a person among those of the group."""
    return isinstance(call.func, ast.Name) and call.func.id == "rank"


def calls(tree: ast.AST, word: str) -> Iterator[ast.Call]:
    """Every call of `word` in `tree`."""
    return (call for call in _calls_in(tree) if isinstance(call.func, ast.Name) and call.func.id == word)


@lru_cache(maxsize=_MOST_KNOWN)
def _calls_in(tree: ast.AST) -> tuple[ast.Call, ...]:
    return tuple(node for node in nodes_in(tree) if isinstance(node, ast.Call))


@lru_cache(maxsize=_MOST_KNOWN)
def nodes_in(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node of `tree`, itself the first; remembered, as `_names_in`."""
    return tuple(ast.walk(tree))


def _rebuilt(node: ast.expr, rewrite: Callable[[ast.expr], ast.expr | None]) -> ast.expr:
    """`node` with what `rewrite` replaces, rebuilt on the way there; trees are shared and never changed."""
    replaced = rewrite(node)
    if replaced is not None:
        return ast.copy_location(replaced, node)
    changed: dict[str, Any] = {}
    for name in node._fields:
        value = getattr(node, name)
        if isinstance(node, ast.Call) and name == "func":
            continue  # the word called is no name
        if isinstance(value, ast.expr):
            fresh: Any = _rebuilt(value, rewrite)
        elif isinstance(value, list) and value and isinstance(value[0], ast.expr):
            fresh = [_rebuilt(item, rewrite) for item in value]
            fresh = value if all(one is two for one, two in zip(fresh, value, strict=True)) else fresh
        else:
            continue
        if fresh is not value:
            changed[name] = fresh
    if not changed:
        return node
    copied = copy.copy(node)
    for name, value in changed.items():
        setattr(copied, name, value)
    return copied


def rewritten(expression: Expression, rewrite: Callable[[ast.expr], ast.expr | None]) -> Expression:
    """`expression` with each part for which `rewrite` gives another one replaced by it; places stay."""
    return Expression(expression.text, _rebuilt(expression.tree, rewrite), expression.leaf)


def renamed(expression: Expression, names: Mapping[str, str]) -> Expression:
    """`expression` with the names (of tables too) that `names` lists replaced; itself where it holds none of them."""
    if not any(isinstance(node, ast.Name) and node.id in names for node in nodes_in(expression.tree)):
        return expression

    def rename(node: ast.expr) -> ast.expr | None:
        return ast.Name(names[node.id], ast.Load()) if isinstance(node, ast.Name) and node.id in names else None

    return rewritten(expression, rename)


def parse(leaf: Leaf) -> Expression | tuple[Problem, ...]:
    """The expression that `leaf` writes, or every problem found in it. Nothing outside the allow-list comes through."""
    text = leaf.text.replace("\n", " ").rstrip()
    stripped = text.lstrip()
    leaf = Leaf(leaf.text, leaf.place, leaf.quoted, leaf.shift + len(text) - len(stripped) if leaf.shift >= 0 else -1)
    text = stripped
    if text in _KNOWN:
        return Expression(text, _KNOWN[text], leaf)
    problems = tuple(_seen_in_text(text, leaf))
    if problems:
        return problems
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only warns of (“\\d”, “1if”) is a problem here
            body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError, Warning) as error:
        return (_unparsed(text, leaf, error),)
    expression = Expression(text, body, leaf)
    problems = tuple(_too_large(expression)) or tuple(_outside(expression))
    if problems:
        return problems
    if len(_KNOWN) < _MOST_KNOWN:
        _KNOWN[text] = _with_numerals(expression)
    return Expression(text, _with_numerals(expression), leaf)


_KNOWN: dict[str, ast.expr] = {}
"""The trees of texts parsed before: the same text stands in every reading of a policy."""


_OUTSIDE_QUOTES = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_HINTS: tuple[tuple[re.Pattern[str], Message, Message], ...] = (
    (
        re.compile(r"#"),
        say("A “#” stands inside an expression, and what is behind it would not be read."),
        say("Put the remark on a line of its own above, or under “because”."),
    ),
    (
        re.compile(r"[0-9.]\s*[%％‰]"),
        say("A percentage stands inside an expression."),
        say("Make it a figure of its own (value: 80%) and write the figure's name."),
    ),
    (
        re.compile(r"=\s*>|>\s+="),
        say("“At least” is written with one sign."),
        say("Write “{right}”.", right=">="),
    ),
    (
        re.compile(r"=\s*<|<\s+="),
        say("“At most” is written with one sign."),
        say("Write “{right}”.", right="<="),
    ),
    (
        re.compile(r"=\s+="),
        say("“Equals” is written with one sign."),
        say("Write “{right}”.", right="=="),
    ),
    (
        re.compile(r"!\s+="),
        say("“Not equal” is written with one sign."),
        say("Write “{right}”.", right="!="),
    ),
    (
        re.compile(r"(?<![<>=!])=(?![=])"),
        say("A single “=” compares nothing."),
        say("Write “==” for “equals”."),
    ),
    (
        re.compile(r"&&|\|\||&|\||!(?!=)|<>"),
        say("“and”, “or”, “not” and “!=” are written as these words."),
        say("Write and, or, not, !=."),
    ),
    (
        re.compile(r"[0-9](?:\.[0-9]+)?\s*[万亿元]"),
        say("A number with a Chinese unit stands inside an expression."),
        say("Write the digits in full (20000), or better a figure's name."),
    ),
    (
        re.compile(r"(?<![0-9.])[1-9][0-9]{0,2},[0-9]{3}(?![0-9])"),
        say("A number is written with a comma between the thousands."),
        say("Write the digits without commas, or a blank behind the comma between two values."),
    ),
)
_SIGNS = MappingProxyType(
    {
        "×": "*",
        "÷": "/",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "≦": "<=",
        "≧": ">=",
        "⩽": "<=",
        "⩾": ">=",
        **dict.fromkeys("－−—–―‒‐‑─", "-"),
        "∧": "and",
        "∨": "or",
        "¬": "not",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "、": ",",
        "。": ".",
    }
)


def _seen_in_text(text: str, leaf: Leaf) -> Iterator[Problem]:
    if not text:
        yield Problem(
            leaf.place,
            say("The expression is empty."),
            None,
            say("Write what it comes to, for example a figure's name."),
        )
        return
    if len(text) > _MOST_CHARACTERS:
        yield Problem(
            leaf.at(0), say("The expression is longer than {most} characters.", most=_MOST_CHARACTERS), None, SPLIT
        )
        return
    bare = _OUTSIDE_QUOTES.sub(lambda found: "_" * len(found[0]), text)
    blank = _WIDE_BLANK.search(bare)
    if blank is not None:
        kind = say("a no-break blank (U+00A0)") if blank[0] == "\u00a0" else say("a full-width blank (U+3000)")
        wrong = say("Here stands {kind}, which cannot be told from an ordinary blank.", kind=kind)
        yield Problem(leaf.at(blank.start()), wrong, None, say("Replace it by an ordinary blank."))
        return
    wide = _first_wide(bare)
    if wide is not None:
        at, right = wide
        yield Problem(
            leaf.at(at),
            say("“{sign}” is not a sign of the language.", sign=bare[at]),
            say("Signs and digits are the ordinary half-width ones."),
            say("Write “{right}”.", right=right),
        )
        return
    for pattern, wrong, remedy in _HINTS:
        if found := pattern.search(bare):
            yield Problem(leaf.at(found.start()), wrong, None, remedy)
            return


SPLIT = say("Split it into several rules with names of their own.")
"""What to do about an expression that is too long, too large or nested too deeply; no other problem says it."""


_WIDE_BLANK = re.compile("[\u00a0\u3000]")


def _first_wide(bare: str) -> tuple[int, str] | None:
    for at, sign in enumerate(bare):
        if sign in _SIGNS:
            return at, _SIGNS[sign]
        ordinary = unicodedata.normalize("NFKC", sign)
        if ordinary != sign and ordinary.isascii() and not ordinary.isalpha():
            return at, ordinary
    return None


SPOKEN: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("并且", "而且", "且", "以及", "和", "与", "AND", "And"), "and"),
        **dict.fromkeys(("或者", "或", "OR", "Or"), "or"),
        **dict.fromkeys(("不是", "非", "不", "NOT", "Not"), "not"),
        **dict.fromkeys(("大于等于", "不小于", "不低于"), ">="),
        **dict.fromkeys(("小于等于", "不大于", "不高于", "不超过"), "<="),
        **{"不等于": "!=", "等于": "==", "大于": ">", "高于": ">", "小于": "<", "低于": "<"},
        **{"加": "+", "减": "-", "乘以": "*", "乘": "*", "除以": "/", "如果": "if", "否则": "else"},
    }
)
"""The words that people write where the language has a sign or a word of its own, each with that."""
_SPOKEN_WORDS = "|".join(sorted(SPOKEN, key=lambda word: -len(word)))
_SPOKEN_ALONE = re.compile(rf"(?<!\w)(?:{_SPOKEN_WORDS})(?!\w)|(?<=[0-9)])(?:{_SPOKEN_WORDS})")


def _unparsed(text: str, leaf: Leaf, error: Exception) -> Problem:
    offset = 0
    if isinstance(error, SyntaxError) and error.offset:
        offset = min(max(error.offset - 1, 0), len(text))
    reason = error.msg if isinstance(error, SyntaxError) else ""
    spoken = _SPOKEN_ALONE.search(_OUTSIDE_QUOTES.sub(lambda found: "_" * len(found[0]), text))
    if spoken is not None:
        wrong = say("“{word}” is no sign of the language.", word=spoken[0])
        return Problem(leaf.at(spoken.start()), wrong, None, say("Write “{right}”.", right=SPOKEN[spoken[0]]))
    if text.count("(") != text.count(")"):
        return Problem(
            leaf.at(offset), say("The brackets of the expression do not pair."), None, say("Give each “(” its “)”.")
        )
    if "leading zeros" in reason:
        return Problem(
            leaf.at(offset),
            say("A number begins with a superfluous zero."),
            None,
            say("Write the number without leading zeros."),
        )
    return Problem(
        leaf.at(offset),
        say("The expression cannot be understood from here on."),
        say("An expression is made of names, numbers, + - * / < <= > >= == != and the words of the language."),
        say("Look for a missing sign, a missing name, or a text without quotes."),
    )


def _too_large(expression: Expression) -> Iterator[Problem]:
    level: list[ast.AST] = [expression.tree]
    nodes = depth = 0
    while level:
        nodes += len(level)
        depth += 1
        if nodes > _MOST_NODES or depth > _MOST_DEPTH:
            yield Problem(expression.place, say("The expression is too large or nested too deeply."), None, SPLIT)
            return
        level = [child for node in level for child in ast.iter_child_nodes(node)]


_ALLOWED = (
    ast.Constant,
    ast.Name,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.Tuple,
    ast.List,
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def _outside(expression: Expression) -> Iterator[Problem]:
    """Every part of the tree that the language does not have."""
    choices = {
        id(node)
        for comparison in ast.walk(expression.tree)
        if isinstance(comparison, ast.Compare)
        for node in _choices(comparison)
    }
    functions = {id(node.func) for node in ast.walk(expression.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.expr) and id(node) not in functions:
            wrong = _wrong(node, expression, choices)
            if wrong is not None:
                yield Problem(expression.place_of(node), wrong[0], None, wrong[1])


def _choices(comparison: ast.Compare) -> Iterator[ast.expr]:
    for operator, right in zip(comparison.ops, comparison.comparators, strict=True):
        if isinstance(operator, (ast.In, ast.NotIn)):
            yield right


def _wrong(node: ast.expr, expression: Expression, choices: set[int]) -> tuple[Message, Message] | None:
    if not isinstance(node, _ALLOWED):
        return say("The language does not have what stands here."), _LANGUAGE
    if isinstance(node, (ast.Tuple, ast.List)):
        if id(node) not in choices:
            return say("A comma or a list stands where one value is expected."), say(
                "A list stands only behind “in”; arguments of a word stand in its brackets."
            )
        return None if node.elts else (say("The list behind “in” is empty."), say("Name at least one value."))
    if isinstance(node, ast.BinOp) and not isinstance(node.op, _OPERATORS):
        return say("The language has no such operation."), say(
            "It has + - * / and, for roundings, {roundings}.", roundings=ROUNDINGS
        )
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, (ast.USub, ast.Not)):
        return say("The language has no such sign."), say("Remove it.")
    if isinstance(node, ast.Compare):
        return _wrong_comparison(node)
    if isinstance(node, ast.Call):
        return _wrong_call(node)
    if isinstance(node, ast.Constant):
        return _wrong_constant(node, expression)
    return None


_LANGUAGE = say(
    "Use names, numbers, texts in quotes, + - * /, comparisons, and, or, not, “a if c else b” and the words of the language."
)


def _wrong_comparison(node: ast.Compare) -> tuple[Message, Message] | None:
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, (ast.In, ast.NotIn)):
            if len(node.ops) > 1 or not isinstance(right, (ast.Tuple, ast.List)):
                return say("“in” needs a list of values in brackets."), say('Write: name in ("a", "b").')
        elif type(operator) not in COMPARISONS:
            return say("The language has no such comparison."), say("Use < <= > >= == != or in.")
    return None


def _wrong_call(node: ast.Call) -> tuple[Message, Message] | None:
    if not isinstance(node.func, ast.Name) or node.func.id not in VOCABULARY:
        called = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        return say("“{called}” is not a word of the language.", called=called), say(
            "The words are {words}.", words=tuple(VOCABULARY)
        )
    word = node.func.id
    least, most = VOCABULARY[word]
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        return say("“{word}” takes plain values only.", word=word), say(
            "Write the values between the brackets, with commas."
        )
    if not least <= len(node.args) <= most:
        return (
            say("“{word}” has {count} values here.", word=word, count=len(node.args)),
            say("It takes {least} to {most}.", least=least, most=most)
            if least < most
            else say("It takes {least}.", least=least),
        )
    if word in (*SUGAR, "lookup") and not isinstance(node.args[0], ast.Name):
        return say("“{word}” begins with a name.", word=word), say("Write the name of a fact, a table or a rule there.")
    return None


def _wrong_constant(node: ast.Constant, expression: Expression) -> tuple[Message, Message] | None:
    if isinstance(node.value, str):
        return None
    if isinstance(node.value, bool):
        return say("Truth is written in small letters."), say("Write true or false.")
    segment = ast.get_source_segment(expression.text, node) or ""
    is_number = isinstance(node.value, (int, float))  # float: what Python made of the text, which is not used
    if is_number and number(segment) is not None:
        return None
    if len(segment) > MOST_SIGNS:
        wrong = say("“{segment}…” is too long for a number.", segment=segment[:20])
        return wrong, say("A number has at most {most} signs.", most=MOST_SIGNS)
    return (
        say("“{segment}” is not a number of the language.", segment=segment),
        say("Write digits, at most one point, no exponent: 24000, 0.15."),
    )


def _with_numerals(expression: Expression) -> ast.expr:
    """The tree with every number read from its text, so that `0.15` is 3/20 and never a binary fraction."""
    for node in ast.walk(expression.tree):
        if isinstance(node, ast.Constant) and not isinstance(node.value, (str, _Numeral)):
            node.value = _Numeral(ast.get_source_segment(expression.text, node) or "")  # type: ignore[assignment]  # exact, not float
    return expression.tree


@dataclass(frozen=True)
class Personal(Generic[V]):
    """The values of a name for each person of a group, in the order of the persons."""

    group: str
    values: tuple[V, ...]


class Reader(SimpleEval, Generic[V]):  # type: ignore[misc]  # simpleeval carries no types
    """Reads expressions over one algebra; `names` gives the value of each name and may grow between readings.

    `personal` holds what has been read for each person of a group.
    """

    def __init__(
        self, algebra: Algebra[V], names: Mapping[str, V], personal: Mapping[str, Personal[V]] | None = None
    ) -> None:
        operators = {
            ast.Add: algebra.add,
            ast.Sub: algebra.subtract,
            ast.Mult: algebra.multiply,
            ast.Div: algebra.divide,
            ast.USub: algebra.negate,
            ast.Not: algebra.opposite,
        }
        super().__init__(operators=operators, functions=_functions(algebra), names=names)
        self.algebra = algebra
        self.whole = names
        self.personal = personal if personal is not None else {}
        self.nodes = {
            ast.Name: self._eval_name,
            ast.BinOp: self._eval_binop,
            ast.UnaryOp: self._eval_unaryop,
            ast.Call: self._eval_call,
            ast.Constant: self._read_constant,
            ast.BoolOp: self._read_truth,
            ast.Compare: self._read_comparison,
            ast.IfExp: self._read_choice,
        }
        self.constants = {"true": algebra.truth(True), "false": algebra.truth(False)}
        self.reading: Expression | None = None
        self.index = 0

    def read(self, expression: Expression) -> V:
        """What `expression` comes to."""
        self.reading = expression
        value: V = self._eval(expression.tree)
        return value

    def read_for(self, person: Mapping[str, V], expression: Expression, index: int = 0) -> V:
        """What `expression` comes to for one person, whose place in the list of persons is `index`."""
        self.names: Any = ChainMap(person, self.whole)  # type: ignore[arg-type]  # only read
        self.index = index
        try:
            return self.read(expression)
        finally:
            self.names = self.whole

    def _eval(self, node: ast.AST) -> Any:
        try:
            return self.nodes[type(node)](node)
        except Refusal as refusal:
            assert self.reading is not None
            return self.algebra.refused(refusal, self.reading.place_of(node))

    def _eval_name(self, node: ast.Name) -> V:
        try:
            return self.names[node.id]  # type: ignore[no-any-return]
        except KeyError:
            return self.constants[node.id]

    def _eval_call(self, node: ast.Call) -> V:
        word: str = node.func.id  # type: ignore[attr-defined]  # the allow-list lets only names be called
        if word == "lookup":
            return self.algebra.lookup(node.args[0].id, [self._eval(key) for key in node.args[1:]])  # type: ignore[attr-defined]
        if is_gathering(node):
            persons = self.personal[node.args[0].id]  # type: ignore[attr-defined]  # elaboration put a name there
            nobody = [self._eval(argument) for argument in node.args[1:]]
            return self.algebra.gather(AGGREGATES[word], persons.group, persons.values, nobody)
        if is_ranking(node):
            persons = self.personal[node.args[0].id]  # type: ignore[attr-defined]  # elaboration put a name there
            return self.algebra.rank(persons.group, persons.values, self.index)
        return super()._eval_call(node)  # type: ignore[no-any-return]

    def _read_constant(self, node: ast.Constant) -> V:
        value: object = node.value
        return self.algebra.text(value) if isinstance(value, str) else self.algebra.number(value)  # type: ignore[arg-type]

    def _read_truth(self, node: ast.BoolOp) -> V:
        join = self.algebra.both if isinstance(node.op, ast.And) else self.algebra.either
        value: V = self._eval(node.values[0])
        for part in node.values[1:]:
            value = join(value, self._eval(part))
        return value

    def _read_comparison(self, node: ast.Compare) -> V:
        left: V = self._eval(node.left)
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            found = self.algebra.among(left, [self._eval(option) for option in node.comparators[0].elts])  # type: ignore[attr-defined]
            return self.algebra.opposite(found) if isinstance(node.ops[0], ast.NotIn) else found
        value: V | None = None
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right: V = self._eval(comparator)
            link = self.algebra.compare(COMPARISONS[type(operator)], left, right)
            value = link if value is None else self.algebra.both(value, link)
            left = right
        assert value is not None
        return value

    def _read_choice(self, node: ast.IfExp) -> V:
        return self.algebra.choose(self._eval(node.test), self._eval(node.body), self._eval(node.orelse))


def _functions(algebra: Algebra[V]) -> dict[str, Callable[..., V]]:
    def rounding(mode: str) -> Callable[[V, V], V]:
        return lambda value, step: algebra.rounded(mode, value, step)

    def calendar(word: str) -> Callable[..., V]:
        return lambda *values: algebra.calendar(word, values)

    return {
        "min": lambda *values: algebra.minimum(values),
        "max": lambda *values: algebra.maximum(values),
        "abs": algebra.absolute,
        "lookup": _never,
        **{word: calendar(word) for word in CALENDAR},
        **dict.fromkeys(("sum", "count", "any", "all", "highest", "lowest", "rank"), _never),
        **{mode: rounding(mode) for mode in ROUNDINGS},
        **dict.fromkeys(SUGAR, _never),
    }


def _never(*_: object) -> NoReturn:
    raise AssertionError("elaboration replaces this word before any algebra reads it")
