"""The folders of policies: which years there are, what each extends, and on which days each is in force."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.messages import say
from engine.overlay import laid
from engine.source import Branch, Leaf, Place, PolicyError, Problem, nearest, read

__all__ = [
    "Layer",
    "as_day",
    "find_policies",
    "find_year",
    "is_policy",
    "language_of",
    "layers",
    "no_day",
    "of_one_year",
    "read_heading",
    "relative",
    "stated",
    "years",
]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Layer:
    """What one folder says itself, without what it extends; None where it cannot be read."""

    folder: Path
    tree: Branch | None
    problems: tuple[Problem, ...] = ()


def find_policies(asked: Path | None) -> Path:
    """The folder that holds a folder for each year: the one asked for, else `./policies`, else the installed one.

    Raises: PolicyError where the one asked for is no folder.
    """
    if asked is not None:
        if not asked.is_dir():
            wrong = say("There is no folder of policies here.")
            raise PolicyError((Problem(Place(str(asked)), wrong, None, say("Check the path given with --policies.")),))
        return asked
    here = Path("policies")
    if here.is_dir():
        return here
    package = Path(__file__).parent
    installed = package / "_installed" / "policies"
    return installed if installed.is_dir() else package.parent / "policies"


def is_policy(folder: Path) -> bool:
    """Whether `folder` holds a policy."""
    return os.path.isfile(folder / "policy.yaml")


def years(policies: Path) -> tuple[str, ...]:
    """The years that `policies` has a folder for, in order; a change within a year is a folder of its own (2023-07)."""
    return tuple(sorted(entry.name for entry in policies.iterdir() if is_policy(entry)))


def find_year(policies: Path, year: str) -> Path:
    """The folder of `year`.

    Raises: PolicyError where there is none; it says which there are.
    """
    folder = policies / year
    if is_policy(folder):
        return folder
    known = years(policies)
    expected = say("It has {years}.", years=known) if known else say("It has no year at all.")
    wrong = say("This folder has no policy of “{year}”.", year=year)
    remedy = say("Choose one of these, or another folder with --policies.")
    raise PolicyError((Problem(Place(str(policies)), wrong, expected, remedy),))


def layers(folder: Path, read_one: Callable[[Path], Layer]) -> tuple[Layer, ...]:
    """`folder` and each folder that it extends, directly or through others, the nearest first; each read by `read_one`.

    A base that is missing and a circle are problems of the layer that names it, which then has no tree.
    """
    found: list[Layer] = []
    names: list[str] = []
    seen: set[Path] = set()
    here: Path | None = folder
    while here is not None:
        seen.add(here.resolve())
        names.append(here.resolve().name)
        layer = read_one(here)
        leaf = None if layer.tree is None else layer.tree.leaf("extends")
        here = None if leaf is None else _base(layer.folder, leaf.text)
        problem = None if leaf is None or here is None else _unusable(layer.folder, leaf, here, names, seen)
        if problem is not None:
            layer, here = Layer(layer.folder, None, (*layer.problems, problem)), None
        found.append(layer)
    return tuple(found)


def _base(folder: Path, text: str) -> Path:
    """The folder that `text` names: a plain name one beside `folder`, anything else a path that begins in it."""
    path = text.replace("\\", "/")
    is_name = "/" not in path and path not in (".", "..")
    return Path(os.path.normpath(os.path.join(folder, "..", path) if is_name else os.path.join(folder, path)))


def _unusable(folder: Path, leaf: Leaf, base: Path, names: list[str], seen: set[Path]) -> Problem | None:
    if base.resolve() in seen:
        wrong = say(
            "The policies extend each other in a circle: {circle}.", circle=" → ".join([*names, base.resolve().name])
        )
        return Problem(leaf.place, wrong, None, say("Let one of them extend nothing, and say everything itself."))
    if is_policy(base):
        return None
    beside = Path(os.path.normpath(os.path.join(folder, "..")))
    others = tuple(name for name in years(beside) if name != folder.resolve().name)
    close = nearest(leaf.text, others)
    expected = say("Beside this folder are {years}.", years=others) if others else None
    remedy = say("Write the name of a folder beside this one, or the path to a policy's folder.")
    if close:
        remedy = say("Did you mean “{close}”?", close=close)
    return Problem(leaf.place, say("There is no policy to extend at “{base}”.", base=leaf.text), expected, remedy)


def stated(layers: tuple[Layer, ...]) -> Branch | None:
    """What the nearest of `layers` comes to with all that it extends; None where one of them cannot be read."""
    tree = layers[-1].tree
    for layer in reversed(layers[:-1]):
        tree = None if tree is None or layer.tree is None else laid(tree, layer.tree)
    return tree


def of_one_year(found: tuple[Layer, ...]) -> Iterator[Path]:
    """The folders of the year of the first layer: it, and what it extends, as long as the year is the same."""
    of_first = _year(found)
    for index, layer in enumerate(found):
        if _year(found[index:]) != of_first:
            return
        yield layer.folder


def _year(found: tuple[Layer, ...]) -> str:
    """The year that the first of the layers is of: the nearest one that says it does."""
    said = (leaf.text for layer in found if layer.tree is not None and (leaf := layer.tree.leaf("year")))
    return next(said, "")


def read_heading(folder: Path) -> Layer:
    """What the `policy.yaml` of `folder` says, and nothing else of it."""
    tree, problems = read(folder / "policy.yaml")
    return Layer(folder, tree if isinstance(tree, Branch) else None, problems)


def language_of(folder: Path) -> str:
    """The language that the policy in `folder` says it is written in; empty where that cannot be read."""
    tree = stated(layers(folder, read_heading))
    leaf = None if tree is None else tree.leaf("language")
    return "" if leaf is None else leaf.text


def as_day(text: str) -> datetime.date | None:
    """The day that `text` writes as year-month-day; None where it writes none."""
    try:
        return datetime.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def no_day(leaf: Leaf) -> Problem:
    """The problem that `leaf` writes no day."""
    wrong = say("“{text}” is no day of the calendar.", text=leaf.text)
    return Problem(leaf.place, wrong, None, say("Write year-month-day, for example 2023-07-01."))


def relative(place: Place, folder: str) -> str:
    """`place` as seen from `folder`: `figures.yaml:12`, and `../2023/figures.yaml:12` in a folder that it extends."""
    if not place.line:
        return ""
    try:
        file = os.path.relpath(place.file, folder or ".")
    except ValueError:  # another drive of a Windows machine
        file = place.file
    return f"{file.replace(os.sep, '/')}:{place.line}"
