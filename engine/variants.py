"""A policy as its folder says it, or with what-ifs laid over it: other files, the other reading of a question, other figures.

Each what-if must name something, change it, and reach an output; otherwise it is a problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import schema
from engine.compare import Change, changes
from engine.elaborate import overlaid
from engine.loading import examined, incomplete, read_folder, unknown_question, without_keys
from engine.messages import say
from engine.overlay import laid, removals
from engine.policy import Policy
from engine.source import Branch, Entry, Leaf, Place, PolicyError, Problem, nearest, normal, read

__all__ = ["Variant", "read_variant"]


@dataclass(frozen=True)
class Variant:
    """A policy with the merged tree that says it; `laid_over` are the what-ifs, as they were asked for.

    `doubts` are the warnings of what the files laid over it say, such as a figure that is not the one of its quote.
    """

    policy: Policy
    tree: Branch
    laid_over: tuple[str, ...] = ()
    doubts: tuple[Problem, ...] = ()

    @property
    def label(self) -> str:
        """The policy as a report names it: its title, the readings taken, and the what-ifs."""
        words = self.policy.words
        return self.policy.label + "".join(f"[{words['laid_over']}{said}]" for said in self.laid_over)

    def content(self) -> dict[str, object]:
        """What tells it from every other, for JSON."""
        return {
            "policy": self.label,
            "fingerprint": self.policy.fingerprint,
            "folder": self.policy.folder,
            "questions": list(self.policy.taken),
            "laid_over": list(self.laid_over),
        }


def read_variant(
    folder: Path, *, overlays: Sequence[Path] = (), questions: Sequence[str] = (), settings: Sequence[str] = ()
) -> Variant:
    """The policy in `folder` with `overlays` (files with the keys of a policy's files) laid over it, then the other reading
    of `questions`, then `settings`: figures by name with a value as in YAML, `limit=10` or `limit=10 GBP/month`.

    Raises: PolicyError with every problem of the folder, or with those of the first what-if that has any.
    """
    found = read_folder(folder)
    _refuse(found.problems)
    assert found.tree is not None
    tree = found.tree
    for path in overlays:
        tree = _with(tree, *_overlay(path))
    for question in questions:
        tree = _with_question(folder, tree, normal(question))
    for setting in settings:
        tree = _with(tree, *_setting(tree, setting))
    policy, problems = examined(folder, tree, tuple(map(normal, questions)))
    _refuse(problems)
    assert policy is not None
    files = {str(path) for path in overlays}
    doubts = tuple(problem for problem in problems if problem.place.file in files)
    return Variant(policy, tree, (*(path.name for path in overlays), *settings), doubts)


def _refuse(problems: Sequence[Problem]) -> None:
    errors = tuple(problem for problem in problems if not problem.is_warning)
    if errors:
        raise PolicyError(errors)


def _overlay(path: Path) -> tuple[Branch, Place]:
    """What the file `path` says, held against the schema of what may change."""
    node, problems = read(path)
    _refuse(problems)
    place = Place(str(path))
    if not isinstance(node, Branch):
        raise PolicyError((without_keys(Leaf("", place) if node is None else node),))
    _refuse(schema.problems("overlay", node))
    return node, place


def _with_question(folder: Path, tree: Branch, question: str) -> Branch:
    if overlaid(tree, question) is None:
        raise PolicyError((unknown_question(folder, tree, question),))
    overlay = tree.branch("questions").branch(question).branch("overlay")
    return _with(tree, overlay, tree.branch("questions").entries[question].key.place)


def _setting(tree: Branch, setting: str) -> tuple[Branch, Place]:
    """The overlay that gives one figure another value."""
    place = Place(f"--set {setting}")
    name, sign, said = (part.strip() for part in setting.partition("="))
    value, _, unit = said.partition(" ")
    if not (name and sign and value):
        remedy = say("Write the name of a figure and its value: --set NAME=VALUE.")
        raise PolicyError((Problem(place, say("This sets nothing."), None, remedy),))
    figure = tree.branch("figures").branch(normal(name))
    if not figure.entries:
        raise PolicyError((_unknown_figure(tree, name, place),))
    _refuse_unit(figure, unit.strip(), place)
    overlay = _nested(("figures", normal(name), "value"), Leaf(value, place), place)
    _refuse(schema.problems("overlay", overlay))
    return overlay, place


def _unknown_figure(tree: Branch, name: str, place: Place) -> Problem:
    close = nearest(normal(name), tree.branch("figures").entries)
    remedy = say("Write the name of a figure; for all else, give a file with --overlay.")
    if close:
        remedy = say("Did you mean “{close}”?", close=close)
    return Problem(place, say("No figure is called “{name}”.", name=name), None, remedy)


def _refuse_unit(figure: Branch, unit: str, place: Place) -> None:
    own = figure.leaf("unit")
    if unit and own is not None and normal(unit) != normal(own.text):
        wrong = say("The figure is in {unit}, and not in {other}.", unit=own.text, other=unit)
        remedy = say("Write the value in {unit}, or the number alone.", unit=own.text)
        raise PolicyError((Problem(place, wrong, None, remedy),))


def _nested(steps: tuple[str, ...], leaf: Leaf, place: Place) -> Branch:
    node: Branch | Leaf = leaf
    for step in reversed(steps):
        node = Branch({step: Entry(Leaf(step, place), node)}, place)
    assert isinstance(node, Branch)
    return node


def _with(tree: Branch, overlay: Branch, place: Place) -> Branch:
    """`tree` with `overlay` laid over it; `place` is where a problem of the whole is told.

    Raises: PolicyError where a part of it leads to nothing, or reaches no output.
    """
    _refuse(removals(tree, overlay))
    changed = laid(tree, overlay)
    deciding = [change for change in changes(tree, changed) if change.decides]
    _refuse([_without_effect(tree, change) for change in deciding if not change.reaches])
    if not deciding:
        wrong = say("This changes nothing that decides.")
        remedy = say("Compare it with what the policy says, and correct it or leave it out.")
        raise PolicyError((Problem(place, wrong, None, remedy),))
    _refuse(tuple(incomplete(changed)))
    return changed


def _without_effect(tree: Branch, change: Change) -> Problem:
    """The problem that `change` reaches no output; where its name is new, the one that was probably meant."""
    place = change.new_place or change.old_place
    assert place is not None
    wrong = say("“{name}” reaches no output, so it would change nothing.", name=".".join(change.path))
    remedy = say("Let a rule read it, or leave it out.")
    if change.old_place is None:
        close = nearest(change.path[-1], _beside(tree, change.path))
        remedy = say("Did you mean “{close}”?", close=close) if close else remedy
    return Problem(place, wrong, None, remedy)


def _beside(tree: Branch, path: tuple[str, ...]) -> tuple[str, ...]:
    """The names that stand in `tree` where `path` ends."""
    node = tree
    for step in path[:-1]:
        node = node.branch(step)
    return tuple(node.entries)
