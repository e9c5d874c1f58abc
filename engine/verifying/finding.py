"""What a manifest names, found again: the files that were read, and the policies that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.cache import load_cached
from engine.folders import years
from engine.manifest import FileKept, Manifest, PolicyKept, hash_of
from engine.messages import Message, say
from engine.policy import Policy
from engine.regression import read_baseline, unfold
from engine.source import Place, PolicyError, Problem
from engine.tables import TableError

__all__ = ["Found", "found_input", "found_persons", "found_policy", "problem"]


@dataclass(frozen=True)
class Found:
    """A policy found again: where it stands, and whether it is the full copy in the baseline there."""

    kept: PolicyKept
    policy: Policy
    folder: Path
    is_recorded: bool


def problem(path: Path, wrong: Message, remedy: Message, expected: Message | None = None) -> TableError:
    """The error that `path` is not what it should be."""
    return TableError((Problem(Place(str(path)), wrong, expected, remedy),))


def found_input(result: Path, kept: FileKept, asked: Path | None) -> Path:
    """The file that `kept` names: the one asked for, else where it was, else beside the result; with the bytes that it had."""
    places = (Path(kept.path), result.parent / kept.path, result.parent / kept.name) if asked is None else (asked,)
    there = [path for path in places if path.is_file()]
    for path in there:
        if hash_of(path) == kept.sha256:
            return path
    expected = say("Expected: SHA-256 {hash}.", hash=kept.sha256)
    if there:
        wrong = say("The input was changed after the result was made from it.")
        raise problem(there[0], wrong, say("Bring back the file as it was, and name it with --input."), expected)
    wrong = say("The input of the result is not here.")
    raise problem(places[0], wrong, say("Name it with --input, a table of persons with --persons."), expected)


def found_persons(result: Path, manifest: Manifest, asked: Mapping[str, Path]) -> dict[str, Path]:
    """The tables of persons that the manifest names, by group, those in `asked` where that says.

    Raises: TableError where one is not there or was changed, and where `asked` names a group that the result has none of.
    """
    for group, path in asked.items():
        if group not in manifest.persons:
            wrong = say("“{group}” is no table of persons that the result was made from.", group=group)
            known = tuple(manifest.persons)
            expected = say("There are: {known}.", known=known) if known else say("It was made without any.")
            raise problem(path, wrong, say("Correct --persons, or leave it out."), expected)
    return {group: found_input(result, kept, asked.get(group)) for group, kept in manifest.persons.items()}


def found_policy(kept: PolicyKept, policies: Path, place: Path) -> Found:
    """The policy with the fingerprint of the manifest, looked for in the folders of `policies`, then in what was recorded there.

    A recorded one is written out in `place`. Raises: PolicyError where none has it.
    """
    names = years(policies)
    folders = [policies / name for name in sorted(names, key=lambda name: not name.startswith(kept.year))]
    known: list[Message | str] = []
    problems: list[Problem] = []
    for folder in folders:
        try:
            policy = load_cached(folder, kept.questions)
        except PolicyError as error:
            problems += (problem for problem in error.problems if not problem.is_warning)
            continue
        if policy.fingerprint == kept.fingerprint:
            return Found(kept, policy, folder, False)
        known.append(f"{folder.name} {policy.fingerprint}")
    for folder in folders:
        recorded = _recorded(kept, folder, place)
        if isinstance(recorded, Policy):
            return Found(kept, recorded, folder, True)
        known += recorded
    wrong = say(
        "No policy here has the fingerprint {fingerprint} of “{policy}”.",
        fingerprint=kept.fingerprint,
        policy=kept.policy,
    )
    expected = say("There are: {known}.", known=tuple(known) or "—")
    remedy = say("Name with --policies the folder in which that version of the policy stands.")
    raise PolicyError((Problem(Place(str(policies)), wrong, expected, remedy), *problems))


def _recorded(kept: PolicyKept, folder: Path, place: Path) -> Policy | tuple[Message | str, ...]:
    """The policy as it was recorded in `folder`, where that is that of `kept`; else the fingerprint that it has."""
    baseline = read_baseline(folder)
    if baseline is None:
        return ()
    copy = place / folder.resolve().name
    if not copy.exists():
        place.mkdir(exist_ok=True)
        unfold(baseline, copy)
    try:
        policy = load_cached(copy, kept.questions)
    except PolicyError:
        return (say("{folder} (recorded, but it cannot be loaded)", folder=folder.name),)
    is_it = kept.fingerprint in (policy.fingerprint, "" if kept.questions else baseline.fingerprint)
    return policy if is_it else (f"{folder.name}/baseline.json {policy.fingerprint}",)
