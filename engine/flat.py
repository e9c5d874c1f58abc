"""The full copy of a policy that extends another: the files of a folder that says everything itself."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from engine import schema
from engine.loading import FILES, examine, read_folder
from engine.messages import say
from engine.slips import UNSEEN
from engine.source import Branch, Entry, Leaf, Listing, Node, Place, PolicyError, Problem, normal, read_text
from engine.tables import TableError
from engine.tables.whole import unwritable, whole_folder

__all__ = ["already", "as_yaml", "flat_files", "schemas_from", "write_flat"]


def flat_files(folder: Path, target: Path | None = None) -> dict[str, str]:
    """The text of each file of the full copy of the policy in `folder`, by its name; loading it gives an equal policy.

    Block style, keys in the order of the schema, every value as it was written, without comments. Where the copy is to stand in
    `target`, its first lines bind it to the schemas as seen from there.
    Raises: PolicyError where the policy has problems.
    """
    policy, problems = examine(folder)
    tree = read_folder(folder).tree
    if policy is None or tree is None:
        raise PolicyError(tuple(problem for problem in problems if not problem.is_warning))
    schemas = schemas_from(target, folder)
    found = {}
    for kind in FILES:
        entries = {key: tree.entries[key] for key in schema.keys(kind) if key in tree.entries}
        if entries:
            first = f"# yaml-language-server: $schema={schemas}/{kind}.schema.json"
            found[f"{kind}.yaml"] = "\n".join([first, *as_yaml(Branch(entries, tree.place))]) + "\n"
    return found


def schemas_from(target: Path | None, like: Path | None = None) -> str:
    """The path from the copy in `target` to the schemas: those that the policy in `like` is bound to, if they are there.

    As in the folder of a year where the copy stands nowhere.
    """
    try:
        if target is None:
            return "../../schemas"
        folder = (None if like is None else _bound_to(like)) or schema.folder()
        return os.path.relpath(folder.resolve(), target.resolve()).replace(os.sep, "/")
    except ValueError:  # another drive of a Windows machine
        return schema.folder().as_posix()


def _bound_to(folder: Path) -> Path | None:
    """The folder of the schemas that the first line of a policy's `policy.yaml` names; None where there is none."""
    found = _BOUND.match((folder / "policy.yaml").read_text(encoding="utf-8"))
    path = None if found is None else folder / found[1]
    return path.parent if path is not None and path.is_file() else None


_BOUND = re.compile(r"# yaml-language-server: \$schema=(\S+)")


def write_flat(folder: Path, target: Path) -> None:
    """Write the full copy of the policy in `folder` into the new folder `target`, whole or not at all.

    The worked cases of `folder` are copied as they are.
    Raises: PolicyError where the policy has problems, or `target` holds something or cannot be written.
    """
    files = {name: text.encode() for name, text in flat_files(folder, target).items()}
    try:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise already(target)
        if (folder / "cases.yaml").is_file():
            files["cases.yaml"] = (folder / "cases.yaml").read_bytes()
        whole_folder(target, files)
    except OSError as error:
        raise PolicyError(unwritable(target, error).problems) from error
    except TableError as error:
        raise PolicyError(error.problems) from error


def already(target: Path) -> PolicyError:
    """The refusal to write over what stands at `target`."""
    wrong = say("Something stands here already.")
    return PolicyError((Problem(Place(str(target)), wrong, None, say("Name a folder that does not exist yet.")),))


def as_yaml(node: Node) -> Iterator[str]:
    """The lines of a value in block style."""
    if isinstance(node, Leaf):
        yield _value(node)
    elif isinstance(node, Branch):
        yield from _entries(node)
    else:
        for item in node.items:
            first, *others = as_yaml(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
        if not node.items:
            yield "[]"


def _entries(branch: Branch) -> Iterator[str]:
    for entry in branch.entries.values():
        below = list(as_yaml(entry.value))
        if isinstance(entry.value, Leaf) or below in (["{}"], ["[]"]):
            yield f"{_key(entry.key)}: {below[0]}".rstrip()
        else:
            yield f"{_key(entry.key)}:"
            yield from (f"  {line}" for line in below)
    if not branch.entries:
        yield "{}"


def _value(leaf: Leaf) -> str:
    """`leaf` plain where it was plain and still reads so, as an item and behind a key; else in double quotes."""
    alone = Listing((leaf, Branch({"x": Entry(_X, leaf)}, _NOWHERE)), _NOWHERE)
    is_plain = not leaf.quoted and _reads_as(f"- {leaf.text}\n- x: {leaf.text}", alone)
    return leaf.text if is_plain else _quoted(leaf.text)


def _key(leaf: Leaf) -> str:
    alone = Branch({normal(leaf.text): Entry(leaf, _X)}, _NOWHERE)
    is_plain = not leaf.quoted and _reads_as(f"{leaf.text}: x", alone)
    return leaf.text if is_plain else _quoted(leaf.text)


_NOWHERE = Place("")
_X = Leaf("x", _NOWHERE)


def _reads_as(text: str, node: Node) -> bool:
    found, problems = read_text(text, "")
    return not problems and found == node


def _quoted(text: str) -> str:
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
