"""From a folder to a policy: read, inherit, schema, elaborate, check; every problem found, not the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import schema
from engine.checks import check
from engine.elaborate import elaborate, overlaid
from engine.folders import Layer, as_day, layers, no_day, of_one_year, relative, stated
from engine.messages import say
from engine.overlay import removals
from engine.policy import Policy
from engine.source import (
    Branch,
    Entry,
    Leaf,
    Node,
    Place,
    PolicyError,
    Problem,
    is_silent,
    merge,
    nearest,
    normal,
    read,
)

__all__ = [
    "FILES",
    "Folder",
    "check_questions",
    "examine",
    "examined",
    "incomplete",
    "load",
    "read_folder",
    "unconfirmed",
    "unknown_question",
    "without_keys",
]

FILES = ("policy", "figures", "tables", "facts", "rules", "questions")
"""The files of a policy's folder that a decision needs, in the order in which they are read."""

_NEEDED = ("policy", "facts", "rules")
_OTHERS = ("cases",)


@dataclass(frozen=True)
class Folder:
    """What a folder says together with all that it extends; None where one of the files could not be read.

    `layers` is what each folder says itself, this one first.
    """

    tree: Branch | None
    problems: tuple[Problem, ...]
    layers: tuple[Layer, ...]


def read_folder(folder: Path) -> Folder:
    """Every file of `folder` and of what it extends, read and held against its schema, and laid over each other.

    A folder that extends another states what it changes; all of them together must say everything that a policy needs.
    """
    found = layers(folder, _read_layer)
    problems = [problem for layer in found for problem in layer.problems]
    for index, layer in enumerate(found[:-1]):
        below = stated(found[index + 1 :])
        if layer.tree is not None and below is not None:
            problems.extend(removals(below, layer.tree))
    tree = stated(found)
    if tree is not None:
        problems.extend(_unfit_days(tree))
        if len(found) > 1:
            problems.extend(incomplete(tree))
            problems.extend(_unconfirmed(tree, found))
    return Folder(tree, tuple(problems), found)


def unconfirmed(tree: Branch, found: tuple[Layer, ...]) -> Iterator[tuple[str, Leaf]]:
    """Each figure of `tree` that the year neither states nor has confirmed, with its value as last said.

    `found` is what `tree` is laid of; a change within the year is of the year.
    """
    files = {str(path / "figures.yaml") for path in of_one_year(found)}
    for name, figure in _branches(tree.branch("figures")):
        said = [leaf for word in ("value", "checked") if (leaf := figure.leaf(word)) is not None]
        if said and not any(leaf.place.file in files for leaf in said):
            yield name, said[0]


def _read_layer(folder: Path) -> Layer:
    """What the files of `folder` itself say; one that extends another may leave out whatever it does not change.

    There a file of nothing but comments says nothing, as one that is missing.
    """
    problems = _strangers(folder)
    tree: Branch | None = Branch({}, Place(str(folder)))
    is_whole = True
    for kind in FILES:
        path = folder / f"{kind}.yaml"
        if not path.exists():
            if kind in _NEEDED and is_whole:
                problems.append(_missing(path))
                tree = None
            continue
        if not is_whole and is_silent(path):
            continue
        node, found = read(path)
        problems.extend(found)
        if kind == "policy":
            is_whole = isinstance(node, Branch) and "extends" not in node.entries
        if isinstance(node, Branch):
            problems.extend(schema.problems(kind, node, partial=not is_whole))
        elif node is not None:
            problems.append(without_keys(node))
        merged = merge(tree, node) if tree is not None and node is not None else None
        tree = merged if isinstance(merged, Branch) else None
    if is_whole and tree is not None and "removed" in tree.entries:
        problems.append(_removed_from_nothing(tree.entries["removed"].key))
    return Layer(folder, tree, tuple(problems))


def _missing(path: Path) -> Problem:
    remedy = say("A policy has {files}.", files=tuple(f"{name}.yaml" for name in _NEEDED))
    return Problem(Place(str(path)), say("The file is missing."), None, remedy)


def without_keys(node: Node) -> Problem:
    """The problem that a file holds a list or a single value at its top."""
    remedy = say("Write “key: value” lines as in the other files.")
    return Problem(node.place, say("The file holds no keys."), None, remedy)


def _removed_from_nothing(key: Leaf) -> Problem:
    wrong = say("“removed” stands in a policy that extends no other.")
    return Problem(key.place, wrong, None, say("Say with “extends” which one it changes, or remove the lines."))


def _strangers(folder: Path) -> list[Problem]:
    """Files that look like a policy's and are not read: a slip in a name would silently drop a whole file."""
    if not folder.is_dir():
        return [Problem(Place(str(folder)), say("There is no such folder."), None, say("Check the path."))]
    known = {f"{kind}.yaml" for kind in (*FILES, *_OTHERS)}
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.suffix.lower() in (".yaml", ".yml") and entry.name not in known:
            close = nearest(entry.name, known)
            remedy = say("Did you mean “{close}”?", close=close) if close else say("Move it out of the folder.")
            found.append(
                Problem(
                    Place(str(entry)),
                    say("A policy's folder has no file of this name, and it would not be read."),
                    None,
                    remedy,
                )
            )
    return found


def incomplete(tree: Branch) -> Iterator[Problem]:
    """What is missing, or does not go together, in a policy that extends another: seen only in the whole."""
    for kind in FILES:
        entries = {name: entry for name, entry in tree.entries.items() if name in schema.keys(kind)}
        if entries:
            yield from schema.problems(kind, Branch(entries, tree.place))


def _unfit_days(tree: Branch) -> Iterator[Problem]:
    """Days of confirmation that are no days, and days of being in force that come from two files and do not fit."""
    for _, figure in _branches(tree.branch("figures")):
        checked = figure.leaf("checked")
        if checked is not None and as_day(checked.text) is None:
            yield no_day(checked)
    since, until = tree.branch("in_force").leaf("from"), tree.branch("in_force").leaf("until")
    if since is None or until is None or since.place.file == until.place.file:
        return
    first, last = as_day(since.text), as_day(until.text)
    if first is not None and last is not None and first > last:
        wrong = say("The policy ends ({last}) before it begins ({first}).", last=last, first=first)
        expected = say("Its first day was last said at {place}.", place=str(since.place))
        yield Problem(until.place, wrong, expected, say("Say both “from” and “until” in the policy that extends."))


def _branches(branch: Branch) -> Iterator[tuple[str, Branch]]:
    return ((name, entry.value) for name, entry in branch.entries.items() if isinstance(entry.value, Branch))


def _unconfirmed(tree: Branch, found: tuple[Layer, ...]) -> Iterator[Problem]:
    """One warning that lists the figures which the year neither states nor has confirmed."""
    folder = str(found[0].folder)
    names = [f"{name} ({relative(value.place, folder)})" for name, value in unconfirmed(tree, found)]
    key = None if found[0].tree is None else found[0].tree.leaf("extends")
    if names and key is not None:
        wrong = say("The year neither states nor has confirmed these figures: {figures}.", figures=tuple(names))
        remedy = say(
            "State each one anew, or write “checked: 2024-01-05” below it, the day on which you saw that it holds."
        )
        yield Problem(key.place, wrong, None, remedy, is_warning=True)


def _meaning(tree: Branch) -> Branch:
    """`tree` without what is no part of what a policy means: the days on which somebody confirmed its figures."""
    entries = dict(tree.entries)
    if "figures" in entries:
        figures = {name: _without(entry, "checked") for name, entry in tree.branch("figures").entries.items()}
        entries["figures"] = Entry(entries["figures"].key, Branch(figures, entries["figures"].value.place))
    return Branch(entries, tree.place)


def _without(entry: Entry, word: str) -> Entry:
    if not isinstance(entry.value, Branch):
        return entry
    kept = {name: inner for name, inner in entry.value.entries.items() if name != word}
    return Entry(entry.key, Branch(kept, entry.value.place))


def examine(folder: Path, questions: Sequence[str] = ()) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in `folder` and every problem and warning found; None where it must not be used.

    The other reading is taken of each of `questions`.
    """
    return _examined(folder, read_folder(folder), questions)


def _examined(folder: Path, found: Folder, questions: Sequence[str]) -> tuple[Policy | None, tuple[Problem, ...]]:
    problems = list(found.problems)
    if found.tree is None:
        return None, _first_at_each_place(problems)
    tree = _meaning(found.tree)
    for question in questions:
        problems.extend(removals(tree, _overlay(tree, normal(question))))
        laid = overlaid(tree, normal(question))
        if laid is None:
            return None, (unknown_question(folder, tree, question),)
        tree = _meaning(laid)
    return examined(folder, tree, tuple(normal(question) for question in questions), problems)


def examined(
    folder: Path, tree: Branch, taken: tuple[str, ...], found: Sequence[Problem] = ()
) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy of `folder` that the merged `tree` says, and every problem, those already `found` too; None with errors.

    `taken` names the questions whose other reading is already laid over `tree`.
    """
    tree, problems = _meaning(tree), list(found)
    policy, more = elaborate(tree, str(folder), taken)
    problems.extend(more)
    problems.extend(_other_year(folder, tree))
    if policy is not None and not _errors(problems):
        problems.extend(check(policy))
    distinct = _first_at_each_place(problems)
    return (None if _errors(problems) else policy), distinct


def _other_year(folder: Path, tree: Branch) -> Iterator[Problem]:
    """A folder that is called by another year than its policy says: a copy in which the year was forgotten."""
    leaf, named = tree.leaf("year"), re.match(r"[0-9]{4}(?![0-9])", folder.name)
    is_own = leaf is not None and Path(leaf.place.file).parent == folder
    if leaf is not None and is_own and named is not None and leaf.text != named[0]:
        wrong = say(
            "The policy says it is of {year}, and its folder is called {folder}.", year=leaf.text, folder=folder.name
        )
        yield Problem(leaf.place, wrong, None, say("Correct the year, or rename the folder."))


def _overlay(tree: Branch, question: str) -> Branch:
    return tree.branch("questions").branch(question).branch("overlay")


def _errors(problems: list[Problem]) -> bool:
    return any(not problem.is_warning for problem in problems)


def _first_at_each_place(problems: list[Problem]) -> tuple[Problem, ...]:
    """One problem a place, the first found; sorted by file and line."""
    found: dict[str, Problem] = {}
    for problem in problems:
        found.setdefault(str(problem.place), problem)
    return tuple(
        sorted(found.values(), key=lambda problem: (problem.place.file, problem.place.line, problem.place.column))
    )


def unknown_question(folder: Path, tree: Branch, question: str) -> Problem:
    """The problem that `tree` has no question of this name."""
    known = tuple(tree.branch("questions").entries)
    close = nearest(normal(question), known)
    remedy = say("Did you mean “{close}”?", close=close) if close else say("The questions are {known}.", known=known)
    return Problem(
        Place(str(folder / "questions.yaml")),
        say("No question is called “{question}”.", question=question),
        None,
        remedy,
    )


def load(folder: Path | str, *, questions: Sequence[str] = ()) -> Policy:
    """The policy in `folder`, checked; under the other reading of each of the open `questions` named.

    Raises: PolicyError with every problem found, where there is one that is not a mere warning.
    """
    policy, problems = examine(Path(folder), questions)
    if policy is None:
        raise PolicyError(tuple(problem for problem in problems if not problem.is_warning))
    return policy


def check_questions(folder: Path) -> tuple[Problem, ...]:
    """The problems that the other reading of each open question would have, and those that change nothing."""
    read = read_folder(folder)
    if read.tree is None:
        return ()
    base = elaborate(_meaning(read.tree), "")[0]
    found: list[Problem] = []
    for name, entry in read.tree.branch("questions").entries.items():
        policy, problems = _examined(folder, read, (name,))
        found.extend(problem for problem in problems if not problem.is_warning)
        same = (
            policy is not None
            and base is not None
            and policy.rules == base.rules
            and policy.facts == base.facts
            and policy.figures == base.figures
            and policy.tables == base.tables
        )
        if same and isinstance(entry.key, Leaf):
            wrong = say("The other reading of “{name}” changes nothing.", name=name)
            found.append(Problem(entry.key.place, wrong, None, say("Correct the overlay.")))
    return _first_at_each_place(found)
