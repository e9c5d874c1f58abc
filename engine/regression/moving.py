"""Every recorded household decided again, and each decision that has moved, with the step that moved it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from engine import __version__
from engine.algebras.trace import Trace
from engine.cache import load_cached
from engine.cases import read_cases
from engine.compare import Comparison, diff
from engine.explanation.story import step_line, traced
from engine.expression import names_in
from engine.messages import Message, say
from engine.policy import Policy
from engine.regression.baseline import BLOCK, Baseline, Cells, Row, read_baseline, unfold
from engine.regression.deciding import DIGITS, Decider, digests_of, recorded_rules
from engine.regression.recording import said_of
from engine.source import Place, PolicyError, Problem

__all__ = ["Move", "Regression", "not_recorded", "regress"]

_ONE_EXACT_OF = 10
_MOST_TOLD, _MOST_NAMED = 20, 5
_BLOCKS = 20
"""So many blocks of households are decided at once where the first step that differs is looked for."""


@dataclass(frozen=True)
class Move:
    """A decision that has moved: of which household (its number from 1, or a case by its name), by which algebra, and under
    which policy: the recorded one, so that it is the engine that moved it, or today's.

    `changes` holds each heading with what stood and what stands under it; `step` is the first rule whose value differs, and
    `line` that rule as an explanation tells it today, empty for a household that is not among the first, which are told.
    """

    number: int
    case: str
    cells: Cells
    algebra: str
    is_of_engine: bool
    changes: tuple[tuple[str, str, str], ...]
    step: str
    line: str


@dataclass(frozen=True)
class Regression:
    """What has become of a recorded year. `comparison` says what changed in the policy itself; None: nothing."""

    folder: Path
    baseline: Baseline
    algebras: tuple[str, ...]
    decided: int
    decided_exact: int
    because: Message | None
    moves: tuple[Move, ...]
    cases: tuple[Message, ...]
    comparison: Comparison | None

    @property
    def has_passed(self) -> bool:
        """Whether everything is as it was recorded."""
        return not (self.moves or self.cases or self.comparison)

    @property
    def moved(self) -> int:
        """How many cases and households are decided otherwise, each counted once."""
        return len({(move.number, move.case) for move in self.moves})

    def text(self, language: str = "en") -> str:
        """What has moved, for people; empty where nothing has."""
        return "\n".join(line if isinstance(line, str) else line.text(language) for line in _told(self))


def regress(
    folder: Path, *, exact: bool = False, one_of: int = 1, progress: Callable[[int, int], None] | None = None
) -> Regression | None:
    """What has become of the recorded year in `folder`; None where nothing was recorded.

    Every household (one of `one_of`) is decided by columns where they can decide, and one of ten of these row by row as well;
    with `exact` each one row by row. `progress` is told which part of the work is done, of how many.
    Raises: PolicyError where the policy, as it is or as it was, or the baseline has problems.
    """
    baseline = read_baseline(folder)
    if baseline is None:
        return None
    policy = load_cached(folder)
    chosen = range(0, len(baseline.households), one_of)
    run = _Run(baseline, chosen, exact)
    with TemporaryDirectory() as place:
        was, comparison = policy, None
        recorded = Path(place) / folder.resolve().name
        if policy.fingerprint != baseline.fingerprint:
            unfold(baseline, recorded)
            was, comparison = load_cached(recorded), diff(recorded, folder)
        moves = list(run.moves(was, recorded if comparison else folder, is_of_engine=True))
        if comparison is not None:
            moves += run.moves(policy, folder, is_of_engine=False)
    decider = Decider(policy)
    is_columns = decider.why_exact is None
    return Regression(
        folder=folder,
        baseline=baseline,
        algebras=("columns", "exact") if is_columns else ("exact",),
        decided=len(chosen),
        decided_exact=len(run.exactly(is_columns)),
        because=decider.why_exact,
        moves=tuple(moves),
        cases=tuple(_changed_cases(folder, baseline)),
        comparison=comparison,
    )


def _changed_cases(folder: Path, baseline: Baseline) -> Iterator[Message]:
    """What is otherwise in the cases than when they were recorded."""
    now = {case.name: said_of(case) for case in read_cases(folder)}
    before = {name: case.said for name, case in baseline.cases.items()}
    for name in before:
        if name not in now:
            yield say("The case “{case}” was recorded, and is gone.", case=name)
        elif now[name] != before[name]:
            keys = tuple(f"{part}: {key}" for part, key in _differing(before[name], now[name]))
            yield say("The case “{case}” is otherwise than it was recorded ({keys}).", case=name, keys=keys)
    for name in now:
        if name not in before:
            yield say("The case “{case}” is new since the year was recorded.", case=name)


def _differing(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for part in ("facts", "expect"):
        old, new = before[part], now[part]
        assert isinstance(old, dict) and isinstance(new, dict)
        yield from ((part, key) for key in {**old, **new} if old.get(key) != new.get(key))
    yield from ((part, str(now[part])) for part in ("refused", "question") if before[part] != now[part])


@dataclass(frozen=True)
class _Moved:
    """A household that is decided otherwise: its number, what is decided now and in which algebra."""

    number: int
    row: Row
    algebra: str


class _Run:
    """One baseline decided again: the households `chosen`, under a policy as it was or as it is."""

    def __init__(self, baseline: Baseline, chosen: range, exact: bool) -> None:
        self.baseline = baseline
        self.chosen = chosen
        self.is_exact = exact

    def exactly(self, is_columns: bool) -> range:
        """The numbers of the households that are decided row by row."""
        return self.chosen if self.is_exact or not is_columns else self.chosen[::_ONE_EXACT_OF]

    def moves(self, policy: Policy, folder: Path, *, is_of_engine: bool) -> Iterator[Move]:
        """Every decision under `policy` that is not the recorded one: of the cases, then of the households."""
        for move in (*self._cases(policy, folder), *self._households(policy)):
            yield replace(move, is_of_engine=is_of_engine)

    def _cases(self, policy: Policy, folder: Path) -> Iterator[Move]:
        policies = {"": policy}
        known = {question.name for question in policy.questions}
        for name, case in self.baseline.cases.items():
            question = str(case.said["question"])
            if question and question not in known:
                continue  # the comparison says that the question is gone
            if question not in policies:
                policies[question] = load_cached(folder, (question,))
            decider = Decider(policies[question])
            cells = case.said["facts"]
            assert isinstance(cells, dict)
            brought = decider.brought([cells])
            row, values = next(decider.exact(brought, decider.rules))
            if changes := self._changes(case.decided, row, decider.headings):
                before = dict(zip(self.baseline.rules, case.rules, strict=False))
                now = dict(zip(decider.rules, values, strict=False))
                step = next((rule for rule in decider.rules if rule in before and now.get(rule) != before[rule]), "")
                line = _line(decider.policy, step, cells)
                yield Move(0, name, cells, "exact", True, changes, step, line)

    def _households(self, policy: Policy) -> Iterator[Move]:
        decider = Decider(policy)
        moved = list(self._moved(decider))
        steps = self._steps(decider, moved)
        for at, one in enumerate(moved):
            cells = self.baseline.households[one.number]
            changes = self._changes(self.baseline.decided[one.number], one.row, decider.headings)
            step = steps(one, changes)
            line = _line(policy, step, cells) if at < _MOST_TOLD else ""
            yield Move(one.number + 1, "", cells, one.algebra, True, changes, step, line)

    def _moved(self, decider: Decider) -> Iterator[_Moved]:
        """The households that are decided otherwise; by columns and row by row told once each."""
        is_columns = decider.why_exact is None
        brought = decider.brought([self.baseline.households[number] for number in self.chosen])
        by_number = dict(zip(self.chosen, brought, strict=True))
        seen: dict[tuple[int, Row], None] = {}
        if is_columns:
            for number, (row, _) in zip(self.chosen, decider.columns(brought), strict=True):
                if self._changes(self.baseline.decided[number], row, decider.headings):
                    seen[number, row] = None
                    yield _Moved(number, row, "columns")
        exactly = self.exactly(is_columns)
        for number, (row, _) in zip(exactly, decider.exact([by_number[number] for number in exactly]), strict=True):
            if self._changes(self.baseline.decided[number], row, decider.headings) and (number, row) not in seen:
                yield _Moved(number, row, "exact")

    def _changes(self, before: Row, now: Row, headings: Row) -> tuple[tuple[str, str, str], ...]:
        """Each heading under which something else stands now; a refusal stands under no heading."""
        if before == now and headings == self.baseline.headings:
            return ()
        if len(before) != len(self.baseline.headings) or len(now) != len(headings):
            is_same = len(before) == len(now) == 1 and before == now
            return () if is_same else (("", " | ".join(before[:5]), " | ".join(now[:5])),)
        old, new = (dict(zip(*pair, strict=True)) for pair in ((self.baseline.headings, before), (headings, now)))
        return tuple(
            (heading, old.get(heading, ""), new.get(heading, ""))
            for heading in {**old, **new}
            if old.get(heading, "") != new.get(heading, "")
        )

    def _steps(
        self, decider: Decider, moved: Sequence[_Moved]
    ) -> Callable[[_Moved, Sequence[tuple[str, str, str]]], str]:
        """What tells for a moved household the first rule whose values differ in its block, of those that its outputs read."""
        rules = [rule for rule in recorded_rules(decider.policy) if rule in self.baseline.digests]
        differing = {
            (block, algebra): own
            for algebra in dict.fromkeys(one.algebra for one in moved)
            for block, own in self._differing(decider, algebra, rules, moved)
        }
        reads = _reads(decider.policy)

        def step(one: _Moved, changes: Sequence[tuple[str, str, str]]) -> str:
            candidates = differing[one.number // BLOCK, one.algebra]
            needed = _needed(decider.policy, reads, [heading for heading, _, _ in changes])
            return next((rule for rule in candidates if not needed or rule in needed), "")

        return step

    def _differing(
        self, decider: Decider, algebra: str, rules: Sequence[str], moved: Sequence[_Moved]
    ) -> Iterator[tuple[int, list[str]]]:
        """For each block with a household that `algebra` decides otherwise, the rules whose digests are not those recorded."""
        decide = decider.columns if algebra == "columns" else decider.exact
        blocks = sorted({one.number // BLOCK for one in moved if one.algebra == algebra})
        for some in (blocks[at : at + _BLOCKS] for at in range(0, len(blocks), _BLOCKS)):
            cells = [cells for at in some for cells in self.baseline.households[at * BLOCK : (at + 1) * BLOCK]]
            digests = digests_of(rules, [values for _, values in decide(decider.brought(cells), rules)])
            for at, block in enumerate(some):
                yield block, [rule for rule in rules if not self._is_recorded(rule, block, digests[rule], at)]

    def _is_recorded(self, rule: str, block: int, digests: str, at: int) -> bool:
        """Whether the digest at `at` of `digests` is the recorded one of `block`."""
        before, now = (
            text[place * DIGITS : (place + 1) * DIGITS]
            for text, place in ((self.baseline.digests[rule], block), (digests, at))
        )
        return before == now


def _reads(policy: Policy) -> dict[str, frozenset[str]]:
    return {rule.name: frozenset(node.id for node in names_in(rule.expression.tree)) for rule in policy.rules}


def _needed(policy: Policy, reads: Mapping[str, frozenset[str]], headings: Sequence[str]) -> set[str]:
    """Every rule that what stands under `headings` reads; none where one of them is made of many names."""
    outputs = {output.heading: output.name for output in policy.outputs}
    if any(heading not in outputs for heading in headings):
        return set()
    left = [outputs[heading] for heading in headings]
    found = set(left)
    while left:
        fresh = reads.get(left.pop(), frozenset()) - found
        found |= fresh
        left += fresh
    return found


def _line(policy: Policy, step: str, cells: Cells) -> str:
    """The step as an explanation tells it."""
    if not step:
        return ""
    brought = Decider(policy).brought([cells])[0]
    if brought.household is None:
        return step
    return step_line(policy, traced(policy, brought.household, Trace(policy.tables)), step)


# Told


def _told(found: Regression) -> Iterator[Message | str]:
    if found.comparison is not None:
        yield say("The policy has changed since it was recorded:")
        yield from (f"  {line}" for line in found.comparison.text().rstrip().split("\n"))
    yield from found.cases
    if found.cases and found.baseline.engine != __version__:
        before = found.baseline.engine
        yield say(
            "The cases changed together with the engine: recorded with {before}, now {now}.",
            before=before,
            now=__version__,
        )
    of_engine = [move for move in found.moves if move.is_of_engine]
    of_policy = [move for move in found.moves if not move.is_of_engine]
    if of_engine:
        yield say("The engine moved {count} decisions, the policy being the same:", count=len(of_engine))
        yield from _told_moves(of_engine)
    if of_policy:
        yield say("Under today's policy {count} decisions are not those recorded:", count=len(of_policy))
        yield from _told_moves(of_policy)


def _told_moves(moves: Sequence[Move]) -> Iterator[Message | str]:
    for move in moves[:_MOST_TOLD]:
        yield from _told_move(move)
    if len(moves) > _MOST_TOLD:
        yield say("… and {more} more.", more=len(moves) - _MOST_TOLD)
        outputs = Counter(heading or "—" for move in moves for heading, _, _ in move.changes).most_common(_MOST_NAMED)
        yield say("Moved in all: {outputs}.", outputs=tuple(f"{output} {count}" for output, count in outputs))
        steps = Counter(move.step for move in moves if move.step).most_common(_MOST_NAMED)
        if steps:
            yield say("First steps that differ: {steps}.", steps=tuple(f"{step} {count}" for step, count in steps))


def _told_move(move: Move) -> Iterator[Message | str]:
    if move.case:
        yield say("  case {case} ({algebra})", case=move.case, algebra=move.algebra)
    else:
        yield say("  household {number} ({algebra})", number=move.number, algebra=move.algebra)
    for heading, before, now in move.changes:
        yield f"    {heading + ': ' if heading else ''}{before or '“”'} → {now or '“”'}"
    if move.line:
        yield say("    first step that differs: {step}", step=move.line)
    yield say("    brings: {facts}", facts=tuple(f"{name} {_cell(cell)}" for name, cell in move.cells.items()))


def _cell(cell: object) -> str:
    """A cell as a person reads it; persons one behind the other."""
    if not isinstance(cell, list):
        return str(cell)
    return " ".join("(" + " ".join(f"{name} {value}" for name, value in person.items()) + ")" for person in cell)


def not_recorded(folder: Path) -> PolicyError:
    """The problem that nothing was recorded for the policy in `folder`."""
    wrong = say("This year has not been recorded.")
    return PolicyError((Problem(Place(str(folder)), wrong, None, say("Run: bangfu record {year}", year=folder.name)),))
