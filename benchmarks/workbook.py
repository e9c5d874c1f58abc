"""A workbook read with openpyxl, and one written that holds what is handed over: what any program must spend on XLSX.

python -m benchmarks.workbook households.xlsx sheets.pickle decided.xlsx
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

__all__ = ["main", "values"]

Sheets = Mapping[str, Sequence[tuple[object, ...]]]


def values(path: Path) -> Sheets:
    """Every cell's value, sheet by sheet, row by row."""
    workbook = openpyxl.load_workbook(path, read_only=True)
    found = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in workbook.worksheets}
    workbook.close()
    return found


def main(source: Path, handed: Path, target: Path) -> None:
    """Read `source`, and write the sheets handed over."""
    values(source)
    workbook = openpyxl.Workbook(write_only=True)
    sheets: Sheets = pickle.loads(handed.read_bytes())
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(target)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
