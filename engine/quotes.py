"""The quoted words held against the operators and numbers that stand beside them.

What a word means (at least, per cent) is data in `engine/messages/words`, one file a language. Whether a word includes its
number follows Civil Code art. 1259 there; the two words for below and above, which it does not name, exclude theirs.
A disagreement is a warning, and none is raised where the policy `answers` it or where the words could be meant.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from itertools import permutations, product
from pathlib import PurePath
from types import MappingProxyType

from engine.expression import COMPARISONS, Expression, names_in
from engine.messages import Message, say, words
from engine.policy import Policy, Rule, Saying
from engine.source import MOST_SIGNS, Place, Problem

__all__ = ["Bound", "Number", "agree", "bounds_in", "numbers_in"]

_FLIPPED = MappingProxyType({"<": ">", "<=": ">=", ">": "<", ">=": "<="})
_NEGATED = MappingProxyType({"<": ">=", "<=": ">", ">": "<=", ">=": "<"})
_MOST_KNOWN = 4_000
"""Quotes remembered: each is asked of again for every operator beside it, and in every reading of a policy."""
_REMEDY = say("Correct one of the two, or say under “answers” why they differ.")


# What a quote says


@dataclass(frozen=True)
class Number:
    """A number in a quote: as written, all that it may come to, and where it stands there."""

    text: str
    values: frozenset[Fraction]
    start: int
    end: int
    scale: Fraction
    """The scale word or share that it ends in (thousand: 1000, %: 1/100); 1 where it ends in a digit."""
    is_certain: bool
    """Whether it is a number for certain: a lone word for 0 or 1 often is none (“one household”)."""


@dataclass(frozen=True)
class Bound:
    """A bound word in a quote: its operator, the numbers that it stands beside, and the quote before and behind it."""

    word: str
    operator: str
    numbers: frozenset[Fraction]
    before: str
    behind: str


@dataclass(frozen=True)
class _Token:
    """A word of the lexicon in a quote: its kind (empty: passed over), what it comes to, and where it stands."""

    kind: str
    value: str
    text: str
    start: int
    end: int


_ARABIC = r"[0-9]+(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?(?:[/⁄][1-9][0-9]*)?"
_STARTS = ("arabic", "digits", "scales", "fixed")
_FOLLOWS = MappingProxyType(
    {
        "arabic": ("scales", "shares", "months", "over"),
        "digits": ("digits", "scales", "shares", "months", "over", "point"),
        "scales": ("arabic", "digits", "scales", "shares", "months", "over", "point"),
        "over": ("arabic", "digits", "scales"),
        "point": ("digits",),
    }
)
"""Which kinds of words may follow one another inside one number."""


@cache
def _lexicon(language: str, section: str) -> tuple[re.Pattern[str], tuple[tuple[str, str], ...]]:
    """One pattern for all words of a section, the longest first, and the kind and value of each of its groups."""
    kinds: Mapping[str, Mapping[str, str]] = getattr(words(language), section)
    passed = [(pattern, "", "") for pattern in kinds["passed_over"]]
    arabic = [(_ARABIC, "arabic", "")] if section == "numerals" else []
    listed = [
        (_pattern(word), value if kind == "signs" else kind, value, len(word))
        for kind, entries in kinds.items()
        if kind != "passed_over"
        for word, value in entries.items()
    ]
    longest = sorted(listed, key=lambda entry: -entry[3])
    entries = [*passed, *arabic, *(entry[:3] for entry in longest)]
    pattern = "|".join(f"({text})" for text, _, _ in entries)
    return re.compile(pattern, re.IGNORECASE), tuple((kind, value) for _, kind, value in entries)


def _pattern(word: str) -> str:
    """`word` as it stands in a text: a whole word where it is of Latin letters; … is anything within the brackets."""
    before, behind = (
        mark if letter.isascii() and letter.isalpha() else ""
        for mark, letter in (("(?<![A-Za-z])", word[0]), ("(?![A-Za-z])", word[-1]))
    )
    return f"{before}{re.escape(word).replace('…', '[^()]*?')}{behind}"


def _tokens(text: str, language: str, section: str) -> Iterator[_Token]:
    pattern, entries = _lexicon(language, section)
    for found in pattern.finditer(text):
        assert found.lastindex is not None
        kind, value = entries[found.lastindex - 1]
        yield _Token(kind, found[0].replace(",", "") if kind == "arabic" else value, found[0], *found.span())


def _plain(quote: str) -> str:
    """The quote with ordinary signs and single blanks; the number of a point in a circle is no number."""
    bare = "".join(";" if unicodedata.name(sign, "").startswith("CIRCLED ") else sign for sign in quote)
    return " ".join(unicodedata.normalize("NFKC", bare).replace("⁄", "/").split())


@lru_cache(maxsize=_MOST_KNOWN)
def numbers_in(quote: str, language: str) -> tuple[Number, ...]:
    """Every number that `quote` says, in digits or in words of `language`, in the order in which they stand. Exact."""
    text = _plain(quote)
    groups: list[list[_Token]] = []
    for token in _tokens(text, language, "numerals"):
        if groups and _joins(text, groups[-1][-1], token):
            groups[-1].append(token)
        elif token.kind in _STARTS:
            groups.append([token])
    numbers = [_number(text, group) for group in groups if group[-1].end - group[0].start <= MOST_SIGNS]
    joints = {word for word, sign in words(language).numerals["signs"].items() if sign == "to"}
    for index, behind in enumerate(numbers[1:]):
        number = numbers[index]
        if number.scale == 1 and text[number.end : behind.start].strip() in joints:
            shared = {value * behind.scale for value in number.values}
            numbers[index] = replace(number, values=number.values | shared)
    return tuple(numbers)


def _joins(text: str, last: _Token, token: _Token) -> bool:
    """Whether `token` goes on with the number that ends in `last`."""
    if token.kind not in _FOLLOWS.get(last.kind, ()):
        return False
    gap = text[last.end : token.start]
    if gap == "-":
        return last.kind == "digits" and token.kind in ("digits", "shares")
    return gap == "" or (gap == " " and token.kind != "arabic")


def _number(text: str, group: Sequence[_Token]) -> Number:
    """The number that the words of `group` write together."""
    if group[0].kind == "fixed":
        return Number(
            group[0].text, frozenset({Fraction(group[0].value)}), group[0].start, group[0].end, Fraction(1), True
        )
    core = [token for token in group if token.kind not in ("shares", "months")]
    value = _evaluated(core)
    scale = Fraction(group[-1].value) if group[-1].kind in ("scales", "shares") else Fraction(1)
    values = {value}
    for token in group[len(core) :]:
        factor = Fraction(token.value)
        values = {one * factor for one in values} if token.kind == "shares" else values | {value * factor}
    is_lone = len(core) == 1 and core[0].kind == "digits" and value <= 1 and scale == 1
    start, end = group[0].start, group[-1].end
    return Number(text[start:end], frozenset(values), start, end, scale, not is_lone)


def _evaluated(tokens: Sequence[_Token]) -> Fraction:
    """The value of digits and scale words; of a fraction where one stands over another (“of a hundred parts eighty”)."""
    for index, token in enumerate(tokens):
        if token.kind == "over":
            whole, part = _evaluated(tokens[:index]), _evaluated(tokens[index + 1 :])
            return part / whole if whole else part
    if len(tokens) > 1 and all(token.kind == "digits" and len(token.value) == 1 for token in tokens):
        return Fraction("".join(token.value for token in tokens))
    parts: list[Fraction] = []
    step = Fraction(1)
    for token in tokens:
        if token.kind == "point":
            step = Fraction(1, 10)
            continue
        value = Fraction(token.value)
        if token.kind == "scales":
            below = [parts.pop() for _ in range(len(parts)) if parts[-1] < value]
            value, step = value * (sum(below) if below else 1), Fraction(1)
        parts.append(value * step)
        step = step / 10 if step < 1 else step
    return sum(parts, Fraction(0))


_STOPS = re.compile(r"[,;:。、!?]|\.(?= |$)")


@lru_cache(maxsize=_MOST_KNOWN)
def bounds_in(quote: str, language: str) -> tuple[Bound, ...]:
    """Every bound word of `quote` with the numbers in the same clause that it speaks of.

    A word that stands before its number (at least 3) takes those up to the next bound word, one that stands behind it
    (3 or more) the last one before it.
    """
    text, numbers = _plain(quote), numbers_in(quote, language)
    tokens = [token for token in _tokens(text, language, "bounds") if token.kind in ("before", "behind")]
    stops = [
        found.start()
        for found in _STOPS.finditer(text)
        if not any(number.start < found.start() < number.end for number in numbers)
    ]
    found: list[Bound] = []
    for token in tokens:
        if token.kind == "before":
            end = min((at for at in (*stops, *(other.start for other in tokens)) if at >= token.end), default=len(text))
            touched = [number for number in numbers if token.end <= number.start and number.end <= end]
        else:
            start = max((at for at in (*stops, *(other.end for other in tokens)) if at <= token.start), default=0)
            touched = [number for number in numbers if start <= number.start and number.end <= token.start][-1:]
        values = frozenset(value for number in touched for value in number.values)
        behind = text[token.end :] if token.kind == "before" else ""
        found.append(Bound(token.text, token.value, values, text[: token.start], behind))
    return tuple(found)


@lru_cache(maxsize=_MOST_KNOWN)
def _denies(quote: str, language: str) -> bool:
    """Whether the quote says what is not given, so that its bound may be the opposite of what is needed."""
    return any(token.kind == "denials" for token in _tokens(_plain(quote), language, "bounds"))


# What a policy says beside it


def agree(policy: Policy) -> Iterator[Problem]:
    """A warning for each operator, end of a range and number that disagrees with the words quoted beside it.

    The other reading of a question is none: it disagrees on purpose.
    """
    found = (*_figures(policy), *_ends(policy), *_conditions(policy))
    for problem in dict.fromkeys(found):
        if PurePath(problem.place.file).name != "questions.yaml":
            yield problem


def _warning(place: Place, wrong: Message, expected: Message | None = None) -> Problem:
    return Problem(place, wrong, expected, _REMEDY, is_warning=True)


def _figures(policy: Policy) -> Iterator[Problem]:
    """Figures whose quote holds numbers, none of which is the figure's value in the figure's unit."""
    language = policy.language
    for figure in policy.figures:
        units = numbers_in(f"1{figure.unit.text}", language)[:1]
        wanted = {figure.value * one for number in units for one in number.values}
        numbers = _disagreeing(figure.saying, wanted or {figure.value}, language)
        if numbers:
            wrong = say(
                "The figure “{name}” is {value}, and its quote says {numbers}.",
                name=figure.name,
                value=figure.value,
                numbers=numbers,
            )
            yield _warning(figure.place, wrong)


def _disagreeing(saying: Saying, wanted: set[Fraction], language: str) -> tuple[str, ...]:
    """The numbers of the quote, as written, where none of them is `wanted` and nobody has answered that."""
    numbers = numbers_in(saying.quote, language)
    if saying.answers or not any(number.is_certain for number in numbers):
        return ()
    return () if any(number.values & wanted for number in numbers) else tuple(number.text for number in numbers)


def _ends(policy: Policy) -> Iterator[Problem]:
    """Ends of a range whose words set the other end, or whose number is not the one quoted.

    The quote of an aid is that of its only end, where it has one only.
    """
    for rule, other, is_ceiling, saying in _ranges(policy):
        yield from _literals(policy, rule, saying)
        bounds = bounds_in(saying.quote, policy.language)
        is_alone = bool(rule.saying.quote) or other.expression.canonical == "0"
        if saying.answers or not is_alone or rule.place == other.place:
            continue
        wrong_way = [bound for bound in bounds if (bound.operator[0] == ">") == is_ceiling]
        if wrong_way and len(wrong_way) == len(bounds):
            end = "at_most" if is_ceiling else "at_least"
            word, operator = wrong_way[0].word, wrong_way[0].operator
            wrong = say("The quote says “{word}”, and this is the end “{end}” of the range.", word=word, end=end)
            yield _warning(rule.place, wrong, say("“{word}” is read as “{operator}”.", word=word, operator=operator))


def _ranges(policy: Policy) -> Iterator[tuple[Rule, Rule, bool, Saying]]:
    """Each end of each aid as the officer wrote it, the other end, whether it is the ceiling, and the words for it."""
    rules = {rule.name: rule for rule in policy.rules}
    for category in policy.categories:
        for aid in category.aids:
            ends = [_stated(policy, rules, name) for name in (aid.floor, aid.ceiling)]
            for at, rule in enumerate(ends):
                other = ends[1 - at]
                if rule is not None and other is not None and rule.expression.canonical != "0":
                    yield rule, other, at == 1, rule.saying if rule.saying.quote else aid.saying


def _stated(policy: Policy, rules: Mapping[str, Rule], name: str) -> Rule | None:
    """The rule of an end of a range, before what was already given comes off."""
    return rules.get(f"{name}·{policy.words['stated']}") or rules.get(name)


def _conditions(policy: Policy) -> Iterator[Problem]:
    """Expressions whose operators or numbers disagree with the words quoted beside them."""
    ends = {rule.name for rule, *_ in _ranges(policy)}
    standing = _Standing(policy)
    for rule in policy.rules:
        is_open = bool(rule.saying.quote) and not rule.saying.answers
        if is_open and rule.name not in ends and _is_by_hand(rule):
            yield from _operators(policy, rule, standing)
            yield from _literals(policy, rule, rule.saying)


def _is_by_hand(rule: Rule) -> bool:
    """Whether the officer wrote the expression: it stands in the file as it is (on several lines: it begins there)."""
    leaf = rule.expression.leaf
    line = leaf.place.written[leaf.place.column - 1 :].strip()
    begins = bool(line) and rule.expression.text.startswith(line)
    return rule.is_written or leaf.shift >= 0 or leaf.quoted or begins


def _literals(policy: Policy, rule: Rule, saying: Saying) -> Iterator[Problem]:
    """An expression that reads no figure, and whose numbers are not those of its quote."""
    tree, figures = rule.expression.tree, {figure.name for figure in policy.figures}
    literals = _constants(tree) - {0, 1}
    if not literals or any(node.id in figures for node in names_in(tree)):
        return
    pairs = tuple(permutations(literals, 2))
    wanted = literals | {one * two for one, two in pairs} | {one / two for one, two in pairs if two}
    numbers = _disagreeing(saying, wanted, policy.language)
    if numbers:
        written = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in literals]
        written.sort(key=lambda node: node.col_offset)
        wrong = say(
            "The expression says {literals}, and its quote says {numbers}.",
            literals=tuple(node.value for node in written),
            numbers=numbers,
        )
        yield _warning(rule.place, wrong)


def _constants(tree: ast.AST) -> set[Fraction]:
    """Every number that `tree` writes, and what its parts made of such numbers alone come to."""
    values = (_constant(node) for node in ast.walk(tree))
    return {value for value in values if value is not None}


def _constant(node: ast.AST) -> Fraction | None:
    """The value of a number or of arithmetic over numbers alone; None for anything else."""
    if isinstance(node, ast.Constant):
        is_number = isinstance(node.value, (int, Fraction)) and not isinstance(node.value, bool)
        return Fraction(node.value) if is_number else None  # type: ignore[arg-type]  # a number here
    if isinstance(node, ast.UnaryOp):
        inner = _constant(node.operand)
        return None if inner is None or not isinstance(node.op, ast.USub) else -inner
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _constant(node.left), _constant(node.right)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Div):
        return left / right if right else None
    if isinstance(node.op, ast.Mult):
        return left * right
    return left + right if isinstance(node.op, ast.Add) else left - right


# Operators


@dataclass(frozen=True)
class _Comparison:
    """One comparison of an expression: its operator, left side first, and which side is the line (empty: unknown)."""

    node: ast.Compare
    left: ast.expr
    right: ast.expr
    operator: str
    is_choice: bool
    """Whether it only chooses between two values, so that either of its outcomes may be the one quoted."""
    line: str
    values: frozenset[Fraction]
    """The numbers and figures of the line."""

    def readings(self, bound: Bound) -> tuple[str, ...]:
        """The operators, what is measured first, that the comparison can be beside `bound`."""
        flipped = _FLIPPED[self.operator]
        if self.line:
            return (self.operator,) if self.line == "right" else (flipped,)
        if not bound.behind:
            return self.operator, flipped
        straight = _shared(self.left, bound.before) + _shared(self.right, bound.behind)
        crossed = _shared(self.left, bound.behind) + _shared(self.right, bound.before)
        if straight == crossed:
            return self.operator, flipped
        return (self.operator,) if straight > crossed else (flipped,)

    def fits(self, bound: Bound, is_denied: bool) -> bool:
        """Whether `bound` can be the word for this comparison."""
        found = self.readings(bound)
        if self.is_choice or is_denied:
            found += tuple(_NEGATED[operator] for operator in found)
        return bound.operator in found

    def may_concern(self, bound: Bound, quoted: frozenset[Fraction]) -> bool:
        """Whether `bound` and the comparison may be about the same number: not where it is `quoted` beside no bound."""
        if bound.numbers and self.values:
            return bool(self.values & bound.numbers)
        return not self.values & quoted


_PIECES = re.compile(r"[A-Za-z]+|[^\W\d_]")


def _shared(side: ast.expr, text: str) -> int:
    """How many words (signs, where there are no spaces between words) of a side of a comparison stand in `text`."""
    names = {piece.lower() for node in names_in(side) for piece in _PIECES.findall(node.id)}
    return len(names & {piece.lower() for piece in _PIECES.findall(text)})


class _Standing:
    """What a policy sets itself (figures, tables, and what is made of them alone) as against what a household brings."""

    def __init__(self, policy: Policy) -> None:
        self.figures = {figure.name: figure.value for figure in policy.figures}
        self.is_set = dict.fromkeys(self.figures, True)
        for fact in policy.facts:
            self.is_set[fact.name] = fact.absence is not None and fact.absence.is_looked_up
        for rule in policy.rules:
            self.is_set[rule.name] = self.sets(rule.expression.tree)

    def sets(self, tree: ast.AST) -> bool:
        """Whether `tree` reads nothing but what the policy sets."""
        if isinstance(tree, ast.Name):
            return self.is_set.get(tree.id, False)
        if isinstance(tree, ast.Call):
            is_lookup = isinstance(tree.func, ast.Name) and tree.func.id == "lookup"
            return is_lookup or all(self.sets(argument) for argument in tree.args)
        return all(self.sets(child) for child in ast.iter_child_nodes(tree))

    def compared(
        self, node: ast.Compare, left: ast.expr, right: ast.expr, operator: str, is_choice: bool
    ) -> _Comparison:
        """The comparison of `left` with `right`, with the side that is the line where one only is set by the policy."""
        is_set = self.sets(left), self.sets(right)
        line = "" if is_set[0] == is_set[1] else "left" if is_set[0] else "right"
        sides = [side for side, name in ((left, "left"), (right, "right")) if line in ("", name)]
        values = {value for side in sides for value in _constants(side)}
        values |= {self.figures[name.id] for side in sides for name in names_in(side) if name.id in self.figures}
        return _Comparison(node, left, right, operator, is_choice, line, frozenset(values))

    def comparisons(self, tree: ast.AST, is_negated: bool = False, is_choice: bool = False) -> Iterator[_Comparison]:
        """Every comparison in `tree` by order, but with 0: as it is needed for `tree` to hold, `not` read through."""
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
            yield from self.comparisons(tree.operand, not is_negated, is_choice)
            return
        if isinstance(tree, ast.Compare):
            sides = [tree.left, *tree.comparators]
            for left, operator, right in zip(sides, tree.ops, sides[1:], strict=False):
                sign = COMPARISONS.get(type(operator), "")
                if sign in _FLIPPED and _constant(left) != 0 and _constant(right) != 0:
                    yield self.compared(tree, left, right, _NEGATED[sign] if is_negated else sign, is_choice)
        for child in ast.iter_child_nodes(tree):
            is_test = isinstance(tree, ast.IfExp) and child is tree.test
            yield from self.comparisons(child, is_negated, is_choice or is_test)


def _operators(policy: Policy, rule: Rule, standing: _Standing) -> Iterator[Problem]:
    """An operator that the only word beside the same number contradicts; else a quote none of whose words fits any."""
    quote, language = rule.saying.quote, policy.language
    bounds, comparisons = bounds_in(quote, language), tuple(standing.comparisons(rule.expression.tree))
    is_denied = _denies(quote, language)
    found = False
    for comparison in comparisons:
        beside = [bound for bound in bounds if bound.numbers & comparison.values]
        is_one = len({bound.operator for bound in beside}) == 1
        if is_one and not comparison.fits(beside[0], is_denied):
            found = True
            yield _contradiction(rule.expression, comparison, beside[0])
    pairs = tuple(product(comparisons, bounds))
    if not found and not any(comparison.fits(bound, is_denied) for comparison, bound in pairs):
        quoted = frozenset(value for number in numbers_in(quote, language) for value in number.values)
        concerned = [pair for pair in pairs if pair[0].may_concern(pair[1], quoted)]
        for comparison, bound in concerned[:1]:
            yield _contradiction(rule.expression, comparison, bound)


def _contradiction(expression: Expression, comparison: _Comparison, bound: Bound) -> Problem:
    written = ast.get_source_segment(expression.text, comparison.node) or ast.unparse(comparison.node)
    wrong = say("The quote says “{word}”, and the expression says “{comparison}”.", word=bound.word, comparison=written)
    operator = comparison.readings(bound)[0]
    expected = say(
        "“{word}” is read as “{meaning}”, the expression as “{operator}”.",
        word=bound.word,
        meaning=bound.operator,
        operator=operator,
    )
    return _warning(expression.place_of(comparison.node), wrong, expected)
