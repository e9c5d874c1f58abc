"""From a folder to a policy: read, schema, elaborate, check; every problem found, not the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import schema
from engine.checks import check
from engine.elaborate import elaborate, overlaid
from engine.messages import say
from engine.policy import Policy
from engine.source import Branch, Leaf, Place, PolicyError, Problem, merge, nearest, normal, read

__all__ = [
    "FILES",
    "Folder",
    "check_questions",
    "examine",
    "find_policies",
    "find_year",
    "language_of",
    "load",
    "read_folder",
    "years",
]

FILES = ("policy", "figures", "tables", "facts", "rules", "questions")
"""The files of a policy's folder that a decision needs, in the order in which they are read."""

_NEEDED = ("policy", "facts", "rules")
_OTHERS = ("cases",)


@dataclass(frozen=True)
class Folder:
    """The merged tree of a folder's files; None where one of them could not be read."""

    tree: Branch | None
    problems: tuple[Problem, ...]


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


def years(policies: Path) -> tuple[str, ...]:
    """The years that `policies` has a folder for, in order."""
    return tuple(sorted(entry.name for entry in policies.iterdir() if (entry / "policy.yaml").is_file()))


def find_year(policies: Path, year: str) -> Path:
    """The folder of `year`.

    Raises: PolicyError where there is none; it says which there are.
    """
    folder = policies / year
    if (folder / "policy.yaml").is_file():
        return folder
    known = years(policies)
    expected = say("It has {years}.", years=known) if known else say("It has no year at all.")
    wrong = say("This folder has no policy of “{year}”.", year=year)
    raise PolicyError(
        (
            Problem(
                Place(str(policies)), wrong, expected, say("Choose one of these, or another folder with --policies.")
            ),
        )
    )


def language_of(folder: Path) -> str:
    """The language that the policy in `folder` says it is written in; empty where that cannot be read."""
    try:
        text = (folder / "policy.yaml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("language:")), "")


def read_folder(folder: Path) -> Folder:
    """Every file of `folder` read and held against its schema, merged into one tree."""
    problems = list(_strangers(folder))
    tree: Branch | None = Branch({}, Place(str(folder)))
    for kind in FILES:
        path = folder / f"{kind}.yaml"
        if not path.exists():
            if kind in _NEEDED:
                problems.append(
                    Problem(
                        Place(str(path)),
                        say("The file is missing."),
                        None,
                        say("A policy has {files}.", files=tuple(f"{name}.yaml" for name in _NEEDED)),
                    )
                )
                tree = None
            continue
        node, found = read(path)
        problems.extend(found)
        if isinstance(node, Branch):
            problems.extend(schema.problems(kind, node))
            merged = merge(tree, node) if tree is not None else None
            tree = merged if isinstance(merged, Branch) else None
        else:
            if node is not None:
                problems.append(
                    Problem(
                        node.place,
                        say("The file holds no keys."),
                        None,
                        say("Write “key: value” lines as in the other files."),
                    )
                )
            tree = None
    return Folder(tree, tuple(problems))


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


def examine(folder: Path, questions: Sequence[str] = ()) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in `folder` and every problem and warning found; None where it must not be used.

    The other reading is taken of each of `questions`.
    """
    found = read_folder(folder)
    problems = list(found.problems)
    if found.tree is None:
        return None, _first_at_each_place(problems)
    tree = found.tree
    for question in questions:
        laid = overlaid(tree, normal(question))
        if laid is None:
            return None, (_unknown_question(folder, tree, question),)
        tree = laid
    policy, more = elaborate(tree, str(folder), tuple(normal(question) for question in questions))
    problems.extend(more)
    if policy is not None and not _errors(problems):
        problems.extend(check(policy))
    distinct = _first_at_each_place(problems)
    return (None if _errors(problems) else policy), distinct


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


def _unknown_question(folder: Path, tree: Branch, question: str) -> Problem:
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
    tree = read_folder(folder).tree
    if tree is None:
        return ()
    base = elaborate(tree, "")[0]
    found: list[Problem] = []
    for name, entry in tree.branch("questions").entries.items():
        policy, problems = examine(folder, (name,))
        found.extend(problem for problem in problems if not problem.is_warning)
        same = (
            policy is not None
            and base is not None
            and policy.rules == base.rules
            and policy.facts == base.facts
            and policy.figures == base.figures
        )
        if same and isinstance(entry.key, Leaf):
            wrong = say("The other reading of “{name}” changes nothing.", name=name)
            found.append(Problem(entry.key.place, wrong, None, say("Correct the overlay.")))
    return _first_at_each_place(found)
