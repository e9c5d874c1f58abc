"""The page around it all: title, style and the one table that every page uses."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template

from engine.pages.elements import Html, element, joined
from engine.tables.whole import whole

__all__ = ["Cells", "sheet", "table", "write"]

Cells = Sequence[str]


def sheet(title: str, language: str, *body: Html) -> str:
    """The whole page: `body` under its style, in `language`."""
    folder = resources.files("engine.pages")
    template = Template(folder.joinpath("page.html").read_text(encoding="utf-8"))
    style = folder.joinpath("style.css").read_text(encoding="utf-8")
    head = element("title", title)
    return template.substitute(language=language, head=head, style=style, body=joined(body))


def table(headings: Sequence[str], rows: Sequence[Cells], *, names: int = 1, last: Cells | None = None) -> Html:
    """A table whose first `names` columns say what a row is of; the others are numbers. `last` adds the rows up.

    On a narrow screen each row is told heading by heading.
    """
    head = element(
        "tr",
        *(element("th", text, scope="col", class_="" if at < names else "number") for at, text in enumerate(headings)),
    )
    body = joined(_row(headings, cells, names) for cells in rows)
    foot = element("tfoot", _row(headings, last, names)) if last is not None else None
    return element("table", element("thead", head), element("tbody", body), foot)


def _row(headings: Sequence[str], cells: Cells, names: int) -> Html:
    found = []
    for at, (heading, cell) in enumerate(zip(headings, cells, strict=True)):
        kind = "" if at < names else "number"
        name = "th" if at == 0 else "td"
        found.append(element(name, cell, class_=kind, scope="row" if at == 0 else "", data_heading=heading))
    return element("tr", *found)


def write(page: str, path: Path) -> None:
    """Write `page` into the file `path`, whole or not at all.

    Raises: TableError where it cannot be written.
    """
    with whole(path) as stream:
        stream.write(page.encode())
