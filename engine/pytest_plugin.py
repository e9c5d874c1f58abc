"""Worked cases and recorded years as tests of pytest: an item for each case of a policy, and one for each baseline.

What is collected are `cases.yaml` and `baseline.json` of a policy's folder below a folder called policies; nothing else is touched.
The installed package registers it under its own name, so that naming it with -p as well is no second registration.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import engine

__all__ = ["pytest_collect_file"]

_FEWER = 8
"""One of so many recorded households is decided; bangfu regress decides them all."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The cases or the baseline of a policy below a folder called policies; None for every other file."""
    if file_path.name not in ("cases.yaml", "baseline.json") or file_path.parent.parent.name != "policies":
        return None
    if not engine.is_policy(file_path.parent):
        return None
    if file_path.name == "cases.yaml":
        return Cases.from_parent(parent, path=file_path)
    return Recorded.from_parent(parent, path=file_path)


class Differs(Exception):
    """A case or a baseline that is not as expected; its text is all that is to be said."""


class Cases(pytest.File):
    """The worked cases of one policy."""

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each case, by its name."""
        try:
            self.policies = {"": engine.load_cached(self.path.parent)}
            cases = engine.read_cases(self.path.parent)
        except engine.PolicyError as error:
            raise self.CollectError(_texts(self.path.parent, error.problems)) from None
        for case in cases:
            yield CaseItem.from_parent(self, name=case.name, case=case)

    def policy(self, question: str) -> engine.Policy:
        """The policy, under the other reading of `question` where there is one."""
        if question not in self.policies:
            self.policies[question] = engine.load_cached(self.path.parent, (question,))
        return self.policies[question]


class Recorded(pytest.File):
    """The baseline of one policy."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item: everything is decided as it was recorded."""
        yield RecordedItem.from_parent(self, name="as recorded")


class _Item(pytest.Item):
    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """What differs, in words; a traceback only where the fault is our own."""
        if isinstance(excinfo.value, Differs):
            return str(excinfo.value)
        if isinstance(excinfo.value, engine.PolicyError):
            return _texts(self.path.parent, excinfo.value.problems)
        return str(super().repr_failure(excinfo))


class CaseItem(_Item):
    """One worked case."""

    def __init__(self, *, case: engine.Case, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # what pytest hands through
        self.case = case
        self.extra_keyword_matches.add(self.path.parent.name)

    def runtest(self) -> None:
        """Raises: Differs where the case is not as expected."""
        assert isinstance(self.parent, Cases)
        result = engine.run_case(self.parent.policy(self.case.question), self.case)
        if not result.has_passed:
            language = _language(self.path.parent)
            step = engine.say("    first step that differs: {step}", step=result.step).text(language)
            raise Differs("\n".join([_texts(self.path.parent, result.problems), *([step] if result.step else [])]))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands."""
        return self.path, self.case.place.line - 1, self.name


class RecordedItem(_Item):
    """One baseline, decided again."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # what pytest hands through
        self.extra_keyword_matches.add(self.path.parent.name)

    def runtest(self) -> None:
        """Raises: Differs where anything has moved."""
        found = engine.regress(self.path.parent, one_of=_FEWER)
        if found is not None and not found.has_passed:
            raise Differs(found.text(_language(self.path.parent)))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the baseline stands."""
        return self.path, None, self.name


def _language(folder: Path) -> str:
    return engine.choose_language(None, engine.language_of(folder))


def _texts(folder: Path, problems: tuple[engine.Problem, ...]) -> str:
    return "\n".join(problem.text(_language(folder), with_line=True) for problem in problems)
