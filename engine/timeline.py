"""The versions of a policy by date: which one decides on a day, and where they leave a gap or overlap.

A version is a folder with its own `in_force`: a year, or a change within the year. One that `extends` another and begins
within its days takes the days that both have; if it ends earlier, the other holds again. Any other days that two policies of
one issuer have in common are a problem; days between two that neither has are a warning, and decide nothing.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from engine.folders import as_day, layers, read_heading, stated, years
from engine.messages import Message, say
from engine.source import Branch, Leaf, Place, PolicyError, Problem, normal

__all__ = ["Stretch", "Timeline", "Version", "days_of", "read_timeline"]


@dataclass(frozen=True)
class Version:
    """A folder of a policy, with the days on which it says that it is in force, and all that it extends."""

    folder: Path
    issuer: str
    since: datetime.date
    until: datetime.date
    bases: frozenset[Path]
    place: Place

    @property
    def name(self) -> str:
        """What `--year` calls it."""
        return self.folder.name

    def gives_way_to(self, other: Version) -> bool:
        """Whether `other`, of the same issuer, changes this one within its days."""
        is_change = self.issuer == other.issuer and self.folder.resolve() in other.bases
        return is_change and self.since <= other.since <= self.until


@dataclass(frozen=True)
class Stretch:
    """Days on which a version decides, the first and the last included."""

    version: Version
    since: datetime.date
    until: datetime.date

    def __str__(self) -> str:
        return f"{self.version.name} ({self.since}–{self.until})"


@dataclass(frozen=True)
class Timeline:
    """Every stretch of the versions in a folder, by date; `unread` says whose days cannot be told."""

    folder: Path
    versions: tuple[Version, ...]
    stretches: tuple[Stretch, ...]
    problems: tuple[Problem, ...]
    unread: tuple[Problem, ...]

    def on(self, day: datetime.date) -> Version:
        """The version that decides on `day`.

        Raises: PolicyError where there is none or more than one, or the days of one cannot be told.
        """
        if self.unread:
            raise PolicyError(self.unread)
        found = [stretch.version for stretch in self.stretches if stretch.since <= day <= stretch.until]
        if len(found) == 1:
            return found[0]
        if found:
            wrong = say("More than one policy is in force on {day}: {names}.", day=day, names=_names(found))
            remedy = say("Choose one with --year.")
            raise PolicyError((Problem(Place(str(self.folder)), wrong, None, remedy),))
        wrong = say("No policy is in force on {day}.", day=day)
        remedy = say("Choose another day, or another folder with --policies.")
        raise PolicyError((Problem(Place(str(self.folder)), wrong, self.said(), remedy),))

    def said(self) -> Message:
        """Which versions there are, with their days, as a sentence."""
        if not self.stretches:
            return say("It has no policy at all.")
        return say("In force are {stretches}.", stretches=tuple(str(stretch) for stretch in self.stretches))

    def instead_of(self, folder: Path) -> tuple[Stretch, ...]:
        """The days on which a change decides in place of the version in `folder`, which says that it is in force."""
        own = [version for version in self.versions if version.folder.resolve() == folder.resolve()]
        return tuple(
            Stretch(stretch.version, stretch.since, min(stretch.until, version.until))
            for version in own
            for stretch in self.stretches
            if version.gives_way_to(stretch.version) and stretch.since <= version.until
        )

    def issuers(self) -> tuple[str, ...]:
        """Whose policies they are, in the order of their first day."""
        return tuple(dict.fromkeys(version.issuer for version in self.versions))


def read_timeline(policies: Path) -> Timeline:
    """The versions in the folder `policies`, by date, with every gap and overlap; only each `policy.yaml` is read."""
    found: list[Version] = []
    unread: list[Problem] = []
    for name in years(policies):
        version = _version(policies / name)
        if isinstance(version, Version):
            found.append(version)
        else:
            unread.append(version)
    versions = tuple(sorted(found, key=lambda version: (version.since, version.name)))
    stretches: list[Stretch] = []
    problems: list[Problem] = []
    for issuer in dict.fromkeys(version.issuer for version in versions):
        own = [version for version in versions if version.issuer == issuer]
        held = sorted(
            (stretch for version in own for stretch in _held(version, own)),
            key=lambda stretch: (stretch.since, stretch.version.name),
        )
        stretches += held
        problems += [*_never(own, held), *_overlaps(held), *_gaps(held)]
    stretches.sort(key=lambda stretch: (stretch.since, stretch.version.name))
    return Timeline(policies, versions, tuple(stretches), tuple(problems), tuple(unread))


def days_of(folder: Path) -> tuple[Problem, ...]:
    """The gaps and overlaps of the policy in `folder` with those before it in the same folder of policies."""
    beside = Path(os.path.normpath(os.path.join(folder, "..")))
    try:
        problems = read_timeline(beside).problems
    except OSError:  # what lies beside the folder may not be read, and is then none of its versions
        return ()
    own = (beside / folder.resolve().name / "policy.yaml").resolve()
    return tuple(problem for problem in problems if Path(problem.place.file).resolve() == own)


def _version(folder: Path) -> Version | Problem:
    """The version in `folder`; the problem that its days cannot be told, where it does not say them."""
    found = layers(folder, read_heading)
    tree = stated(found)
    force = Branch({}, Place(str(folder))) if tree is None else tree.branch("in_force")
    since, until = (None if leaf is None else as_day(leaf.text) for leaf in (force.leaf("from"), force.leaf("until")))
    if tree is None or since is None or until is None or since > until:
        wrong = say("It cannot be told on which days this policy is in force.")
        remedy = say("Run bangfu check {folder}, and correct what it says.", folder=folder)
        return Problem(Place(str(folder / "policy.yaml")), wrong, None, remedy)
    issuer = tree.leaf("issuer")
    bases = frozenset(layer.folder.resolve() for layer in found[1:])
    return Version(folder, normal(issuer.text) if issuer else "", since, until, bases, _place(folder, found[0].tree))


def _place(folder: Path, own: Branch | None) -> Place:
    """Where the folder itself says its first day; else what it extends, from which it has its days."""
    said: list[Leaf | None] = []
    if own is not None:
        said = [own.branch("in_force").leaf("from"), own.branch("in_force").leaf("until"), own.leaf("extends")]
    return next((leaf.place for leaf in said if leaf is not None), Place(str(folder / "policy.yaml")))


def _held(version: Version, others: list[Version]) -> Iterator[Stretch]:
    """The days of `version` that are left to it when those that change it have taken theirs."""
    left = [(version.since.toordinal(), version.until.toordinal())]
    for other in others:
        if version.gives_way_to(other):
            first, last = other.since.toordinal(), other.until.toordinal()
            left = [
                part
                for since, until in left
                for part in ((since, min(until, first - 1)), (max(since, last + 1), until))
                if part[0] <= part[1]
            ]
    for since, until in left:
        yield Stretch(version, datetime.date.fromordinal(since), datetime.date.fromordinal(until))


def _never(versions: list[Version], held: list[Stretch]) -> Iterator[Problem]:
    for version in versions:
        if all(stretch.version is not version for stretch in held):
            taker = next(other for other in versions if version.gives_way_to(other))
            wrong = say("No day is left to “{base}”: “{name}” extends it.", base=version.name, name=taker.name)
            days = say(
                "“{base}” is in force {since}–{until}.", base=version.name, since=version.since, until=version.until
            )
            remedy = say("Say under “in_force” from which day on “{name}” holds.", name=taker.name)
            yield Problem(taker.place, wrong, days, remedy)


def _overlaps(held: list[Stretch]) -> Iterator[Problem]:
    """Two versions that both have a day: one problem for each two, at the one that begins later."""
    seen: set[tuple[str, str]] = set()
    for one, other in combinations(held, 2):
        pair = (one.version.name, other.version.name)
        if one.version is not other.version and other.since <= one.until and pair not in seen:
            seen.add(pair)
            wrong = say(
                "“{one}” and “{other}” are both in force {since}–{until}.",
                one=one.version.name,
                other=other.version.name,
                since=other.since,
                until=min(one.until, other.until),
            )
            expected = say("Only a policy that extends another and begins within its days takes days from it.")
            yield Problem(other.version.place, wrong, expected, say("Move one of the dates, or say “extends”."))


def _gaps(held: list[Stretch]) -> Iterator[Problem]:
    """Days between two stretches on which no version is in force: a warning, since nothing is decided on them."""
    for index, after in enumerate(held[1:], 1):
        before = max(held[:index], key=lambda stretch: stretch.until)
        first, last = before.until.toordinal() + 1, after.since.toordinal() - 1
        if first <= last:
            days = {"since": datetime.date.fromordinal(first), "until": datetime.date.fromordinal(last)}
            wrong = say("No policy is in force {since}–{until}.", **days)
            expected = say(
                "“{before}” ends on {last}, and “{after}” begins on {first}.",
                before=before.version.name,
                last=before.until,
                after=after.version.name,
                first=after.since,
            )
            remedy = say("Move one of the dates, or add the policy of these days.")
            yield Problem(after.version.place, wrong, expected, remedy, is_warning=True)


def _names(versions: list[Version]) -> tuple[str, ...]:
    return tuple(f"{version.name} ({version.issuer})" for version in versions)
