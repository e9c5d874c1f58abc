"""What came of every edit of a policy: killed by a case, refused by the check, no change at all, or survived."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from types import MappingProxyType

from engine.cases import starting_from
from engine.messages import Message, say
from engine.mutation.edits import Edit
from engine.mutation.pasting import pasted
from engine.mutation.sameness import Sameness
from engine.mutation.search import Found, Search
from engine.mutation.trials import Trials, Verdict
from engine.policy import Policy
from engine.tables.household import plain_cells

__all__ = ["Mutant", "Mutation", "mutate"]

Progress = Callable[[int, int], None]

OUTCOMES: Mapping[str, Message] = MappingProxyType(
    {
        "killed": say("killed by a case"),
        "refused": say("refused by the check"),
        "same": say("no change at all"),
        "survived": say("survived"),
    }
)


@dataclass(frozen=True)
class Mutant:
    """An edit and what came of it; of a survivor, a household that tells it from the policy, or how many were tried in vain."""

    number: int
    edit: Edit
    verdict: Verdict
    found: Found | None = None
    sought: int = 0

    @property
    def outcome(self) -> str:
        """`killed`, `refused`, `same` or `survived`."""
        return self.verdict.outcome


@dataclass(frozen=True)
class Mutation:
    """Every mutant tried, out of how many there are."""

    policy: Policy
    folder: str
    mutants: tuple[Mutant, ...]
    all: int
    start: Mapping[str, object]

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """The mutants that no case sees and that nothing shows to be no change."""
        return self.having("survived")

    @property
    def survivors_that_decide(self) -> tuple[Mutant, ...]:
        """The survivors of what is decided as the scheme is read."""
        return tuple(mutant for mutant in self.survivors if not mutant.edit.is_remark)

    @property
    def survivors_in_remarks(self) -> tuple[Mutant, ...]:
        """The survivors in notes and in open questions, their other readings included."""
        return tuple(mutant for mutant in self.survivors if mutant.edit.is_remark)

    def having(self, outcome: str) -> tuple[Mutant, ...]:
        """The mutants with this outcome."""
        return tuple(mutant for mutant in self.mutants if mutant.outcome == outcome)

    def text(self, language: str = "en") -> str:
        """The counts, then each mutant that was no change, and each survivor with a case that would kill it."""
        return "\n".join(_lines(self, language)) + "\n"

    def json(self) -> str:
        """Every mutant as JSON."""
        content = {
            "policy": self.policy.label,
            "fingerprint": self.policy.fingerprint,
            "folder": self.folder,
            "mutants": self.all,
            "tried": len(self.mutants),
            "outcomes": {outcome: len(self.having(outcome)) for outcome in OUTCOMES},
            "results": [_content(self, mutant) for mutant in self.mutants],
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def case(self, mutant: Mutant, language: str) -> str:
        """The case that would kill a survivor; empty where no household was found."""
        if mutant.found is None:
            return ""
        return pasted(mutant.edit, mutant.found, dict(self.start), mutant.number, language)


def mutate(
    folder: Path,
    *,
    sample: int | None = None,
    households: int = 2000,
    mixtures: int = 100_000,
    processes: int = 1,
    progress: Progress = lambda done, all_: None,
) -> Mutation:
    """What the check and the worked cases of the policy in `folder` say of each edit of one thing in it.

    With `sample` only so many edits are tried, evenly from first to last. For each survivor so many `households` are made up and
    so many `mixtures` of them decided. The same edits, households and cases on every run.
    Raises: PolicyError where the policy or its cases have problems.
    """
    trials = Trials(folder)
    numbers = _sampled(len(trials.edits), sample)
    start = starting_from(folder)
    inquiry = _Inquiry(trials, start, households, mixtures)
    found: list[Mutant] = []
    with _verdicts(trials, numbers, processes) as verdicts:
        for number, verdict in zip(numbers, verdicts, strict=True):
            edit = trials.edits[number]
            found.append(Mutant(number, edit, verdict) if verdict.outcome != "survived" else inquiry.into(number, edit))
            progress(len(found), len(numbers))
    return Mutation(trials.policy, str(folder), tuple(found), len(trials.edits), start)


def _sampled(count: int, sample: int | None) -> list[int]:
    if sample is None or sample >= count:
        return list(range(count))
    return [index * count // sample for index in range(sample)]


@contextmanager
def _verdicts(trials: Trials, numbers: Sequence[int], processes: int) -> Iterator[Iterator[Verdict]]:
    """What comes of each edit, in the order of `numbers`; processes of its own end with it, however it ends."""
    if processes < 2 or len(numbers) < 2 * processes:
        yield (trials.tried(trials.edits[number]) for number in numbers)
        return
    # spawned, not forked: a fork would copy the threads' locks of whatever was loaded before
    workers = ProcessPoolExecutor(processes, get_context("spawn"), _end_with_parent)
    try:
        with _interruption_held():
            verdicts = workers.map(_verdict, [str(trials.folder)] * len(numbers), numbers)
        yield verdicts
    finally:
        workers.shutdown(cancel_futures=True)


@contextmanager
def _interruption_held() -> Iterator[None]:
    """Let a Ctrl-C wait; a process begun meanwhile never hears one, not even before it can say that it leaves them to others."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Let this process end when the one that started it does; Ctrl-C is left to that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # the work at hand is nobody's any more


@cache
def _trials(folder: str) -> Trials:
    return Trials(Path(folder))


def _verdict(folder: str, number: int) -> Verdict:
    """What comes of one edit, in a process of its own."""
    trials = _trials(folder)
    return trials.tried(trials.edits[number])


class _Inquiry:
    """Looks into survivors: whether they are shown to be no change, and which household would tell them."""

    def __init__(self, trials: Trials, start: dict[str, object], households: int, mixtures: int) -> None:
        self._trials = trials
        self._start = start
        self._counts = households, mixtures
        self._sameness: Sameness | None = None
        self._search: Search | None = None

    def into(self, number: int, edit: Edit) -> Mutant:
        """The mutant that the survivor `edit` turns out to be."""
        if self._sameness is None:
            self._sameness = Sameness(self._trials.tree)
        pairs = tuple(self._trials.pairs(edit))
        why = self._sameness.shown(edit, pairs)
        if why is not None:
            return Mutant(number, edit, Verdict("same", why=why))
        search, sought = self._searching(), 0
        for pair in pairs:
            found = search.find(pair)
            sought += search.sought
            if found is not None:
                return Mutant(number, edit, Verdict("survived"), found, sought)
        return Mutant(number, edit, Verdict("survived"), None, sought)

    def _searching(self) -> Search:
        if self._search is None:
            cases = [case for case in self._trials.cases if not case.refused]
            models = [{name: plain_cells(entry.value) for name, entry in case.facts.entries.items()} for case in cases]
            self._search = Search(self._trials.policy, self._start, models, *self._counts)
        return self._search


def _lines(mutation: Mutation, language: str) -> Iterator[str]:
    yield say(
        "{folder}: {tried} of {all} mutants tried",
        folder=mutation.folder,
        tried=len(mutation.mutants),
        all=mutation.all,
    ).text(language)
    for outcome, title in OUTCOMES.items():
        yield f"  {title.text(language)}: {len(mutation.having(outcome))}"
    for title, mutants in _sections(mutation):
        if mutants:
            yield ""
            yield title.text(language)
        for mutant in mutants:
            yield _told(mutant, language)
            case = mutation.case(mutant, language)
            yield from ([case] if case else [])


def _sections(mutation: Mutation) -> Iterator[tuple[Message, tuple[Mutant, ...]]]:
    """What is listed one by one, below its title."""
    yield say("These are {outcome}:", outcome=OUTCOMES["same"]), mutation.having("same")
    yield say("These are {outcome}:", outcome=OUTCOMES["survived"]), mutation.survivors_that_decide
    remarks = mutation.survivors_in_remarks
    yield say("These survived in notes and open questions ({count}):", count=len(remarks)), remarks


def _told(mutant: Mutant, language: str) -> str:
    edit = mutant.edit
    line = f"  {mutant.number}. {edit.place}: {edit.name}: {edit.old or '—'} → {edit.new or '—'}"
    if mutant.verdict.why is not None:
        return f"{line}\n     {mutant.verdict.why.text(language)}"
    if mutant.found is None:
        none = say("No difference was found in {count} households.", count=mutant.sought).text(language)
        return f"{line}\n     {none}"
    return line


def _content(mutation: Mutation, mutant: Mutant) -> dict[str, object]:
    edit, why = mutant.edit, mutant.verdict.why
    return {
        "number": mutant.number,
        "kind": edit.kind,
        "name": edit.name,
        "place": str(edit.place),
        "clause": edit.clause or None,
        "old": edit.old or None,
        "new": edit.new or None,
        "outcome": mutant.outcome,
        "in_remark": edit.is_remark,
        "killed_by": mutant.verdict.case or None,
        "why": None if why is None else why.text(),
        "households_tried": mutant.sought or None,
        "case": mutation.case(mutant, "en") or None,
    }
