"""One household in a YAML file: facts as keys, read as a table of one row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.messages import say
from engine.source import Branch, Leaf, Listing, Node, Place, Problem, normal, read
from engine.tables import Record, Source, TableError

__all__ = ["open_source"]


class _Household:
    """The table of one row that a YAML file of facts comes to."""

    format = "yaml"
    encoding = "utf-8"
    persons: Mapping[str, Source] = MappingProxyType({})

    def __init__(self, name: str, tree: Branch) -> None:
        self.name = name
        entries = tree.entries.values()
        self.header = tuple(entry.key.text for entry in entries)
        self._cells = tuple(plain_cells(entry.value) for entry in entries)
        self._line = tree.place.line
        self._lines = {normal(entry.key.text): entry.key.place.line for entry in entries}

    def records(self) -> Iterator[Record]:
        """The one household."""
        yield Record(self._line, self._cells, lines=self._lines)

    def position(self) -> tuple[int, int]:
        """Always at the end."""
        return 1, 1


def plain_cells(node: Node) -> Any:
    """What a fact's value writes: a text, or for a group of persons the list of what each of them brings."""
    if isinstance(node, Leaf):
        return node.text
    if isinstance(node, Listing):
        return [plain_cells(item) for item in node.items]
    return {name: plain_cells(entry.value) for name, entry in node.entries.items()}


def open_source(path: Path, encoding: str | None, groups: Collection[str], sheet: str) -> Source:
    """The household in `path`, which lists the persons of each of `groups` under its name.

    Raises: TableError where the file is no YAML of facts.
    """
    tree, problems = read(path)
    if isinstance(tree, Branch):
        for entry in tree.entries.values():
            if not isinstance(entry.value, Leaf) and normal(entry.key.text) not in groups:
                wrong = say("“{name}” has more than one value.", name=entry.key.text)
                known = say("Only {groups} list persons.", groups=tuple(groups)) if groups else None
                problems += (Problem(entry.value.place, wrong, known, say("Write one value behind the colon.")),)
    elif not problems:
        problems += (
            Problem(Place(str(path)), say("The file holds no facts."), None, say("Write “fact: value” lines.")),
        )
    if problems or not isinstance(tree, Branch):
        raise TableError(problems)
    return _Household(str(path), tree)
