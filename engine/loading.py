"""From a folder to a policy: read, inherit, schema, elaborate, check; every problem found, not the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from engine import schema
from engine.checks import check
from engine.elaborate import elaborate, overlaid, unknown_names
from engine.folders import Layer, as_day, layers, no_day, of_one_year, relative, stated
from engine.messages import Message, say
from engine.overlay import Stray, removals, strays
from engine.policy import Policy, Saying
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
from engine.units import with_money

__all__ = [
    "FILES",
    "Folder",
    "check_questions",
    "examine",
    "examined",
    "incomplete",
    "load",
    "meaning_of",
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
            problems.extend(_named_right(incomplete(tree), _strays_of_layers(found), _not_in_base))
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


def _not_in_base(name: str) -> Message:
    return say(
        "The policy that this one extends has nothing called “{name}”, and what stands here is not whole.", name=name
    )


def _not_in_policy(name: str) -> Message:
    return say("The other reading speaks of “{name}”, and the policy has nothing of that name.", name=name)


def _strays_of_layers(found: tuple[Layer, ...]) -> tuple[Stray, ...]:
    """What each folder says of entries that those below it do not have."""
    pairs = ((layer.tree, stated(found[index + 1 :])) for index, layer in enumerate(found[:-1]))
    return tuple(
        stray for tree, below in pairs if tree is not None and below is not None for stray in strays(below, tree)
    )


def _named_right(
    problems: Iterable[Problem], found: Sequence[Stray], told: Callable[[str], Message]
) -> Iterator[Problem]:
    """`problems`, where what is not whole is called by a name that is not there: then the name is the slip."""
    places = {str(stray.key.place): stray for stray in found}
    for problem in problems:
        stray = places.get(str(problem.place))
        close = None if stray is None else _nearest_to(stray)
        yield problem if stray is None or close is None else _not_there(stray, close, told)


def _not_there(stray: Stray, close: str, told: Callable[[str], Message]) -> Problem:
    remedy = say("Did you mean “{close}”?", close=close)
    return Problem(stray.key.place, told(normal(stray.key.text)), None, remedy)


def _nearest_to(stray: Stray) -> str | None:
    return nearest(normal(stray.key.text), stray.available)


def _astray(tree: Branch, question: str) -> tuple[Problem, ...]:
    """What the other reading of `question` says of entries that `tree` does not have, and does not say whole."""
    found = strays(tree, _overlay(tree, question))
    laid = overlaid(tree, question) if found else None
    if laid is None:
        return ()
    names = {str(stray.key.place) for stray in found}
    missed = (problem for problem in incomplete(laid) if str(problem.place) in names)
    return tuple(_named_right(missed, found, _not_in_policy))


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


def meaning_of(tree: Branch) -> Branch:
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


def _examined(
    folder: Path, found: Folder, questions: Sequence[str], base: Policy | None = None
) -> tuple[Policy | None, tuple[Problem, ...]]:
    """As `examine`; `base` is the policy without the other reading of `questions`, where it is known already."""
    problems = list(found.problems)
    if found.tree is None:
        return None, _first_at_each_place(problems)
    tree = meaning_of(found.tree)
    names = tuple(normal(question) for question in questions)
    unknown = [name for name in names if tree.branch("questions").get(name) is None]
    if unknown:
        return None, (unknown_question(folder, tree, unknown[0]),)
    for name in names:
        astray = _astray(tree, name)
        if astray:  # what follows from a name that is not there would be blamed on others
            return None, _first_at_each_place([*problems, *astray])
        problems.extend(removals(tree, _overlay(tree, name)))
        laid = overlaid(tree, name)
        assert laid is not None
        tree = meaning_of(laid)
    policy, more = examined(folder, tree, names, problems)
    missing = _missing_file(found, tree, more)
    if missing is not None:
        return None, _first_at_each_place([*found.problems, missing])
    if len(names) == 1:
        more = _first_at_each_place(_of_reading(found.tree, names[0], base, policy, list(more)))
    return (None if _errors(list(more)) else policy), more


def examined(
    folder: Path, tree: Branch, taken: tuple[str, ...], found: Sequence[Problem] = ()
) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy of `folder` that the merged `tree` says, and every problem, those already `found` too; None with errors.

    `taken` names the questions whose other reading is already laid over `tree`.
    """
    tree, problems = meaning_of(tree), list(found)
    policy, more = elaborate(tree, str(folder), taken)
    problems.extend(more)
    problems.extend(_other_year(folder, tree))
    if policy is not None and not _errors(problems):
        problems.extend(check(policy))
    distinct = _first_at_each_place(problems)
    return (None if policy is None or _errors(problems) else with_money(policy)), distinct


def _of_reading(
    tree: Branch, question: str, base: Policy | None, policy: Policy | None, problems: list[Problem]
) -> list[Problem]:
    """`problems` of the other reading of `question`, or what is behind them: a name nearly one that is there; no change."""
    found = strays(tree, _overlay(tree, question))
    near = [_not_there(stray, close, _not_in_policy) for stray in found if (close := _nearest_to(stray)) is not None]
    if _errors(problems):
        return near or problems
    base = base or elaborate(meaning_of(tree), "")[0]
    if policy is None or base is None or not _decides_the_same(base, policy):
        return problems
    key = tree.branch("questions").entries[question].key
    wrong = say("The other reading of “{name}” changes nothing.", name=key.text)
    remedy = say("Say in its overlay what is different, or take the question out.")
    return near or [*problems, Problem(key.place, wrong, None, remedy)]


_MOST_SHOWN = 5
_MOST_UNKNOWN: Mapping[str, int] = MappingProxyType({"figures": 3, "tables": 1})
"""Names unknown up to here are slips; more of them, where the whole file that would declare them is not there, come from that."""


def _missing_file(found: Folder, tree: Branch, problems: Sequence[Problem]) -> Problem | None:
    """That a file is not there whose names are needed: then all else that is wrong follows from it."""
    names = {kind: list(dict.fromkeys(unknown_names(problems, kind))) for kind in _MOST_UNKNOWN}
    for kind, unknown in names.items():
        path = found.layers[-1].folder / f"{kind}.yaml"
        if len(unknown) > _MOST_UNKNOWN[kind] and kind not in tree.entries and not path.exists():
            shown = (*unknown[:_MOST_SHOWN], "…") if len(unknown) > _MOST_SHOWN else tuple(unknown)
            wrong = say("The file is missing, and nothing else declares {names}.", names=shown)
            return Problem(Place(str(path)), wrong, None, say("Put the file back, or declare the names in it."))
    return None


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
    """One problem a place, the first found, and each sentence once a line; sorted by file and line.

    A rule that is written out from what an officer wrote repeats what is wrong with it at the beginning of the expression;
    that gives way to the place itself, further right.
    """
    columns: dict[tuple[str, int, str], int] = {}
    for problem in problems:
        said = _said(problem)
        columns[said] = max(columns.get(said, 0), problem.place.column)
    found: dict[str, Problem] = {}
    for problem in problems:
        if problem.place.column == columns[_said(problem)]:
            found.setdefault(str(problem.place), problem)
    return tuple(
        sorted(found.values(), key=lambda problem: (problem.place.file, problem.place.line, problem.place.column))
    )


def _said(problem: Problem) -> tuple[str, int, str]:
    return problem.place.file, problem.place.line, problem.wrong.text()


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
    base = elaborate(meaning_of(read.tree), "")[0]
    found: list[Problem] = []
    for name in read.tree.branch("questions").entries:
        _, problems = _examined(folder, read, (name,), base)
        found.extend(problem for problem in problems if not problem.is_warning)
    return _first_at_each_place(found)


def _decides_the_same(base: Policy, other: Policy) -> bool:
    """Whether nothing that `base` has is another in `other`: what `other` has besides is then read by nothing."""
    asked = base.words["matters"]

    def said(policy: Policy) -> tuple[object, ...]:
        remarks = tuple(remark for remark in policy.remarks if not remark.when.startswith(asked))
        return policy.facts, policy.groups, policy.outputs, remarks, policy.refusals, policy.categories, policy.gates

    return said(base) == said(other) and all(
        _agree(one, two)
        for one, two in (
            ({rule.name: rule.expression for rule in policy.rules} for policy in (base, other)),
            ({figure.name: (figure.value, figure.unit) for figure in policy.figures} for policy in (base, other)),
            ({table.name: replace(table, saying=Saying()) for table in policy.tables} for policy in (base, other)),
        )
    )


def _agree(base: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether all that is named in both is the same in both."""
    return all(base[name] == value for name, value in other.items() if name in base)
