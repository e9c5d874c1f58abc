"""The input sheet of a policy: a workbook with a column for each fact, its unit and meaning, drop-downs and number checks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from engine.messages import plain
from engine.policy import Fact, Policy
from engine.source import width
from engine.tables.whole import whole

__all__ = ["create_template"]

_ROWS = 2000
_HEAD = PatternFill("solid", fgColor="DDE8F3")
_NEEDED = PatternFill("solid", fgColor="FFE8C8")


def create_template(policy: Policy, target: Path) -> None:
    """Write the input sheet of `policy` to `target`: the headings alone on the first sheet, the meanings on the second.

    Raises: TableError where the file cannot be written.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = policy.words["input_sheet"]
    sheet.freeze_panes = "A2"
    for index, fact in enumerate(policy.facts, 1):
        _column(policy, sheet, index, fact)
    _meanings(policy, book.create_sheet(policy.words["about_sheet"]))
    with whole(target) as stream:
        book.save(stream)


def _is_needed(fact: Fact) -> bool:
    return fact.absence is None and not fact.is_optional


def _column(policy: Policy, sheet: Worksheet, index: int, fact: Fact) -> None:
    letter = get_column_letter(index)
    head = sheet.cell(1, index, fact.name)
    head.font = Font(bold=True)
    head.fill = _NEEDED if _is_needed(fact) else _HEAD
    head.alignment = Alignment(horizontal="center")
    sheet.column_dimensions[letter].width = max(width(fact.name) + 4, 12)
    number_format = {"text": "@", "date": "yyyy-mm-dd", "count": "0", "money": "#,##0.00"}.get(fact.kind, "General")
    for row in range(2, _ROWS + 2):
        sheet.cell(row, index).number_format = number_format
    rule = _validation(policy, fact)
    if rule is not None:
        rule.add(f"{letter}2:{letter}{_ROWS + 1}")
        sheet.add_data_validation(rule)


def _validation(policy: Policy, fact: Fact) -> DataValidation | None:
    """What the spreadsheet itself refuses: a text in a number, a number outside the bounds, anything but yes and no."""
    words = policy.words
    if fact.kind == "truth":
        rule = DataValidation(type="list", formula1=f'"{words.yes[0]},{words.no[0]}"', allow_blank=True)
    elif fact.kind in ("money", "count") and fact.at_least is not None and fact.at_most is not None:
        low, high = (plain(Fraction(bound)) for bound in (fact.at_least, fact.at_most))
        rule = DataValidation(operator="between", formula1=low, formula2=high, allow_blank=True)
        rule.type = "whole" if fact.kind == "count" else "decimal"
    elif fact.kind == "date":
        rule = DataValidation(type="date", operator="greaterThan", formula1="36526", allow_blank=True)
    else:
        rule = DataValidation(allow_blank=True)
    rule.promptTitle, rule.prompt = fact.name[:32], _prompt(policy, fact)[:255]
    rule.errorTitle, rule.error = fact.name[:32], _prompt(policy, fact)[:255]
    rule.showInputMessage = rule.showErrorMessage = True
    return rule


def _prompt(policy: Policy, fact: Fact) -> str:
    unit = f" ({fact.unit.text})" if fact.unit.text else ""
    needed = (
        policy.words["sheet_needed"]
        if _is_needed(fact)
        else policy.words["sheet_blank"].format(value=_blank(policy, fact))
    )
    return f"{fact.meaning}{unit} {needed}"


def _blank(policy: Policy, fact: Fact) -> str:
    return policy.words["sheet_not_said"] if fact.absence is None else fact.absence.value.text


def _meanings(policy: Policy, sheet: Worksheet) -> None:
    words = policy.words
    sheet.append(
        [
            words[key]
            for key in ("sheet_fact", "sheet_unit", "sheet_meaning", "sheet_range", "sheet_names", "sheet_if_blank")
        ]
    )
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    for fact in policy.facts:
        bounds = (
            f"{plain(fact.at_least)} – {plain(fact.at_most)}"
            if fact.at_least is not None and fact.at_most is not None
            else ""
        )
        blank = words["sheet_needed"] if _is_needed(fact) else _blank(policy, fact)
        sheet.append([fact.name, fact.unit.text, fact.meaning, bounds, words["comma"].join(fact.also_named), blank])
    sheet.append([])
    sheet.append([policy.label, policy.fingerprint])
    for letter, size in zip("ABCDEF", (22, 10, 60, 24, 30, 40), strict=True):
        sheet.column_dimensions[letter].width = size
