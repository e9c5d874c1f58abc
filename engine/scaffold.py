"""A new year: a folder that extends the year before, with its figures as comments, ready to be stated or confirmed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

from engine.flat import already, as_yaml, schemas_from
from engine.folders import as_day, find_year
from engine.loading import examine, read_folder
from engine.messages import say
from engine.policy import Policy
from engine.source import Branch, Entry, Leaf, Place, PolicyError, Problem
from engine.tables import TableError
from engine.tables.whole import whole_folder

__all__ = ["new_year"]

_YEAR = re.compile(r"[1-9][0-9]{3}")
_SAID_OF_A_FIGURE = ("value", "unit", "clause", "quote", "because", "answers")
_NOWHERE = Place("")


def new_year(policies: Path, year: str, base: str) -> Path:
    """The new folder of `year` in `policies`, which extends `base` there and changes nothing but title, year and days.

    It has a `policy.yaml`, and a `figures.yaml` in which each figure of `base` is a comment. Whole or not at all.
    Raises: PolicyError where `year` is no year or not after that of `base`, its folder is there, or `base` cannot be used.
    """
    target = policies / year
    if not _YEAR.fullmatch(year):
        wrong = say("“{year}” is not a year.", year=year)
        raise PolicyError((Problem(Place(str(target)), wrong, None, say("Write four digits, for example 2024.")),))
    if target.exists():
        raise already(target)
    folder = find_year(policies, base)
    policy, problems = examine(folder)
    tree = read_folder(folder).tree
    if policy is None or tree is None:
        raise PolicyError(tuple(problem for problem in problems if not problem.is_warning))
    if int(year) <= int(policy.year):
        wrong = say(
            "{year} does not come after {before}, the year of “{base}”.", year=year, before=policy.year, base=base
        )
        raise PolicyError(
            (Problem(Place(str(target)), wrong, None, say("Name a later year, or another one to begin from.")),)
        )
    files = {"policy": _policy(policy, tree, year, base), "figures": _figures(policy, tree, year, base)}
    schemas = schemas_from(target, folder)
    try:
        whole_folder(target, {f"{kind}.yaml": _bound(kind, lines, schemas) for kind, lines in files.items()})
    except TableError as error:
        raise PolicyError(error.problems) from error
    return target


def _bound(kind: str, lines: Iterator[str], schemas: str) -> bytes:
    first = f"# yaml-language-server: $schema={schemas}/{kind}.schema.json"
    return ("\n".join([first, *lines]) + "\n").encode()


def _commented(branch: Branch) -> Iterator[str]:
    return (f"# {line}" for line in as_yaml(branch))


def _policy(policy: Policy, tree: Branch, year: str, base: str) -> Iterator[str]:
    yield "# " + policy.words["new_year_policy"].format(year=year, base=base)
    since, until = _days(policy, int(year) - int(policy.year))
    title = tree.leaf("title")
    named = re.sub(rf"(?<![0-9]){policy.year}(?![0-9])", year, policy.title)
    entries = {"extends": _leaf(base, "extends")}
    if title is not None and named != policy.title:
        entries["title"] = Entry(_key("title"), Leaf(named, title.place, title.quoted))
    force = Branch({"from": _leaf(str(since), "from"), "until": _leaf(str(until), "until")}, _NOWHERE)
    entries |= {"year": _leaf(year, "year"), "in_force": Entry(_key("in_force"), force)}
    yield from as_yaml(Branch(entries, _NOWHERE))
    if "sources" in tree.entries:
        yield from _commented(Branch({"sources": tree.entries["sources"]}, _NOWHERE))


def _key(text: str) -> Leaf:
    return Leaf(text, _NOWHERE)


def _leaf(text: str, key: str) -> Entry:
    return Entry(_key(key), Leaf(text, _NOWHERE))


def _days(policy: Policy, years: int) -> tuple[datetime.date, datetime.date]:
    """The days of a year that ends `years` after `policy` does and begins when the year before it has ended."""
    before, until = _later(policy.until, years - 1), _later(policy.until, years)
    return before + datetime.timedelta(days=1), until


def _later(day: datetime.date, years: int) -> datetime.date:
    """The same day `years` later; the last of February stays the last of February."""
    if (day.month, (day + datetime.timedelta(days=1)).month) == (2, 3):
        return datetime.date(day.year + years, 3, 1) - datetime.timedelta(days=1)
    return day.replace(year=day.year + years)


def _figures(policy: Policy, tree: Branch, year: str, base: str) -> Iterator[str]:
    yield "# " + policy.words["new_year_figures"].format(base=base)
    yield "# " + policy.words["new_year_checked"].format(day=as_day(f"{year}-01-05"))
    figures = {name: Entry(entry.key, _said(tree, name)) for name, entry in tree.branch("figures").entries.items()}
    if figures:
        yield from _commented(Branch({"figures": Entry(_key("figures"), Branch(figures, _NOWHERE))}, _NOWHERE))


def _said(tree: Branch, name: str) -> Branch:
    """What the policy says of a figure, without the day on which somebody confirmed it."""
    figure = tree.branch("figures").branch(name)
    return Branch({word: figure.entries[word] for word in _SAID_OF_A_FIGURE if word in figure.entries}, figure.place)
