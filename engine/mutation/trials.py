"""Edits tried: a policy with the edit is written out and checked again, and its worked cases run until one differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.cases import Case, read_cases, run_case
from engine.checks import check
from engine.elaborate import elaborate, overlaid
from engine.loading import load, meaning_of, read_folder
from engine.messages import Message
from engine.mutation.edits import Edit, edits
from engine.policy import Policy
from engine.source import Branch, Problem

__all__ = ["Pair", "Trials", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What came of an edit: `killed` by a case, `refused` by the check, `same` as before, or `survived`.

    `case` and `expected` say which case differs and what it says then; `why` what was refused, or how it was shown to be the same.
    """

    outcome: str
    case: str = ""
    why: Message | None = None


@dataclass(frozen=True)
class Pair:
    """The same reading of the policy, without an edit and with it: what decides otherwise in one of the two tells them apart."""

    question: str
    own: Policy
    edited: Policy


class Trials:
    """The policy of a folder with its cases, against which edits are tried. What no edit changes is read once.

    Raises: PolicyError where the policy or its cases have problems.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policy = load(folder)
        tree = read_folder(folder).tree
        assert tree is not None
        self.tree = meaning_of(tree)
        self.edits = edits(self.tree)
        self.cases = read_cases(folder)
        self.bare = cache(lambda question: self._written(self.tree, question)[0])
        names = _names(self._bare())
        self.plain = [case for case in self.cases if not case.question and names.issuperset(case.expect.entries)]
        self.noted = [case for case in self.cases if not case.question and case not in self.plain]

    def _bare(self) -> Policy:
        policy = self.bare("")
        assert policy is not None
        return policy

    def _written(self, tree: Branch, question: str, *, bare: bool = True) -> tuple[Policy | None, tuple[Problem, ...]]:
        """The policy that `tree` says under the other reading of `question`, and what hinders its use.

        `bare`: without its questions, whose notes no decision rests on.
        """
        laid = overlaid(tree, question) if question else tree
        if laid is None:
            return None, ()
        entries = {name: entry for name, entry in meaning_of(laid).entries.items() if not bare or name != "questions"}
        policy, problems = elaborate(Branch(entries, tree.place), str(self.folder), (question,) if question else ())
        found = tuple(problem for problem in problems if not problem.is_warning)
        if policy is not None and not found:
            found = tuple(problem for problem in check(policy) if not problem.is_warning)
        return (None if found else policy), found

    def tried(self, edit: Edit) -> Verdict:
        """What the check and the cases say of `edit`."""
        for question, bare, cases in self._rounds(edit):
            policy, problems = self._written(edit.tree, question, bare=bare)
            if policy is None:
                return Verdict("refused", why=problems[0].wrong if problems else None)
            for case in cases:
                if not run_case(policy, case).has_passed:
                    return Verdict("killed", case.name)
        return Verdict("survived")

    def _rounds(self, edit: Edit) -> Iterator[tuple[str, bool, list[Case]]]:
        """The readings in which `edit` is tried, each with its cases, the quickest first."""
        if edit.steps[0] != "questions":
            yield "", True, self.plain
        yield "", False, self.noted
        asked = dict.fromkeys(case.question for case in self.cases if case.question)
        for question in asked:
            if edit.question in ("", question):
                yield question, True, [case for case in self.cases if case.question == question]

    def pairs(self, edit: Edit) -> Iterator[Pair]:
        """The readings in which a household may tell the policy with `edit` from the policy without it."""
        for question, bare in ((edit.question, True),) if edit.question else (("", True), ("", False)):
            own = self.bare(question) if bare else self.policy
            edited = self._written(edit.tree, question, bare=bare)[0]
            if own is not None and edited is not None:
                yield Pair(question, own, edited)


def _names(policy: Policy) -> frozenset[str]:
    facts = (name for fact in policy.facts for name in fact.core_names(policy.words))
    return frozenset((*facts, *(figure.name for figure in policy.figures), *(rule.name for rule in policy.rules)))
