"""The input sheets of a policy: a column for each fact, its unit and meaning, drop-downs and number checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from engine.messages import plain, say
from engine.page import when_blank
from engine.policy import Fact, Group, Policy
from engine.source import Place, Problem, width
from engine.tables import TableError
from engine.tables.whole import whole

__all__ = ["create_template"]

_ROWS = 2000
_MOST_TITLE = 31
_MOST_FORMULA = 255
_CHOICES = "choices"
_HEAD = PatternFill("solid", fgColor="DDE8F3")
_NEEDED = PatternFill("solid", fgColor="FFE8C8")


def create_template(policy: Policy, target: Path) -> None:
    """Write the input sheet of `policy` to `target`: the headings alone on the first sheet, then a sheet for the persons of
    each group with the column by which they find their household, and the meanings on the last.

    Raises: TableError where the file cannot be written or is no .xlsx, or nothing says how persons find their household.
    """
    if target.suffix.lower() != ".xlsx":
        wrong = say("The input sheet is a workbook.")
        raise TableError((Problem(Place(str(target)), wrong, None, say("Give it a name that ends in .xlsx.")),))
    keys = {group.name: _key(policy, group) for group in policy.groups}
    strangers = {key.name: key for key in keys.values() if key not in policy.facts}
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = policy.words["input_sheet"]
    household = (*strangers.values(), *policy.facts)
    _fill(policy, book, sheet, household)
    parts = [("", "", household)]
    for group in policy.groups:
        facts = (replace(keys[group.name], is_optional=False, absence=None), *group.facts)
        _fill(policy, book, book.create_sheet(group.name[:_MOST_TITLE]), facts)
        parts.append((group.name, group.meaning, facts))
    _meanings(policy, book.create_sheet(policy.words["about_sheet"]), parts)
    with whole(target) as stream:
        book.save(stream)


def _key(policy: Policy, group: Group) -> Fact:
    """The column by which the persons of `group` find their household, with a meaning."""
    key = policy.key_of(group)
    if key is None:
        wrong = say("Nothing says by which column the persons of “{group}” find their household.", group=group.name)
        remedy = say("Write “joined_by” at the group in facts.yaml.")
        raise TableError((Problem(group.place, wrong, None, remedy),))
    return key if key.meaning else replace(key, meaning=policy.words["sheet_household"])


def _fill(policy: Policy, book: Workbook, sheet: Worksheet, facts: Sequence[Fact]) -> None:
    sheet.freeze_panes = "A2"
    for index, fact in enumerate(facts, 1):
        _column(policy, book, sheet, index, fact)


def _is_needed(fact: Fact) -> bool:
    return fact.absence is None and not fact.is_optional


def _column(policy: Policy, book: Workbook, sheet: Worksheet, index: int, fact: Fact) -> None:
    letter = get_column_letter(index)
    head = sheet.cell(1, index, fact.name)
    head.font = Font(bold=True)
    head.fill = _NEEDED if _is_needed(fact) else _HEAD
    head.alignment = Alignment(horizontal="center")
    sheet.column_dimensions[letter].width = max(width(fact.name) + 4, 12)
    number_format = {"text": "@", "date": "yyyy-mm-dd", "count": "0", "money": "#,##0.00"}.get(fact.kind, "General")
    for row in range(2, _ROWS + 2):
        sheet.cell(row, index).number_format = number_format
    rule = _validation(policy, book, fact)
    rule.add(f"{letter}2:{letter}{_ROWS + 1}")
    sheet.add_data_validation(rule)


def _validation(policy: Policy, book: Workbook, fact: Fact) -> DataValidation:
    """What the spreadsheet itself refuses: a text in a number, a number outside the bounds, anything but yes and no."""
    words = policy.words
    if fact.kind == "truth":
        rule = DataValidation(type="list", formula1=f'"{words.yes[0]},{words.no[0]}"', allow_blank=True)
    elif fact.choices:
        rule = DataValidation(type="list", formula1=_choices(book, fact), allow_blank=True)
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


def _choices(book: Workbook, fact: Fact) -> str:
    """The list of a drop-down: the choices themselves, or where a formula cannot hold them, the cells of a hidden sheet."""
    inline = '"' + ",".join(fact.choices) + '"'
    if len(inline) <= _MOST_FORMULA and not any(mark in choice for choice in fact.choices for mark in ',"'):
        return inline
    if _CHOICES not in book.sheetnames:
        book.create_sheet(_CHOICES).sheet_state = "hidden"
    sheet = book[_CHOICES]
    column = sheet.max_column + 1
    for row, choice in enumerate(fact.choices, 1):
        sheet.cell(row, column, choice)
    letter = get_column_letter(column)
    return f"{_CHOICES}!${letter}$1:${letter}${len(fact.choices)}"


def _prompt(policy: Policy, fact: Fact) -> str:
    unit = f" ({fact.unit.text})" if fact.unit.text else ""
    needed = (
        policy.words["sheet_needed"]
        if _is_needed(fact)
        else policy.words["sheet_blank"].format(value=_blank(policy, fact))
    )
    return f"{fact.meaning}{unit} {needed}"


def _blank(policy: Policy, fact: Fact) -> str:
    return when_blank(policy, fact) or policy.words["sheet_not_said"]


def _meanings(policy: Policy, sheet: Worksheet, parts: Sequence[tuple[str, str, Sequence[Fact]]]) -> None:
    """Every fact of the household, then of each group under its name and meaning."""
    words = policy.words
    titles = ("sheet_fact", "sheet_unit", "sheet_meaning", "sheet_range", "sheet_names", "sheet_if_blank")
    sheet.append([words[title] for title in titles])
    _mark(sheet)
    for group, meaning, facts in parts:
        if group:
            sheet.append([])
            sheet.append([group, "", meaning])
            _mark(sheet)
        for fact in facts:
            sheet.append(_meaning(policy, fact))
    sheet.append([])
    sheet.append([policy.label, policy.fingerprint])
    for letter, size in zip("ABCDEF", (22, 10, 60, 24, 30, 40), strict=True):
        sheet.column_dimensions[letter].width = size


def _mark(sheet: Worksheet) -> None:
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill = Font(bold=True), _HEAD


def _meaning(policy: Policy, fact: Fact) -> list[str]:
    words = policy.words
    comma = words["comma"]
    bounds = comma.join(fact.choices)
    if fact.at_least is not None and fact.at_most is not None:
        bounds = f"{plain(fact.at_least)} – {plain(fact.at_most)}"
    blank = words["sheet_needed"] if _is_needed(fact) else _blank(policy, fact)
    return [fact.name, fact.unit.text, fact.meaning, bounds, comma.join(fact.also_named), blank]
