"""One cell as people write it: what it means, or a sentence that says why it means nothing."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import engine
from engine.tables.cells import BadCell, is_blank, quoted, read_cell
from engine.tables.forms import FORMS

ROOT = Path(__file__).parent.parent
POLICY = engine.load(ROOT / "policies/2023")
FACTS = {fact.name: fact for fact in POLICY.facts}
ID = "990202197604120113"


def _read(fact: str, cell: object) -> object:
    return read_cell(FACTS[fact], cell, POLICY.words)


def _refused(fact: str, cell: object) -> str:
    with pytest.raises(BadCell) as caught:
        _read(fact, cell)
    bad = caught.value
    return " ".join(part.text() for part in (bad.wrong, bad.expected, bad.remedy) if part is not None)


@pytest.mark.parametrize("fact", ["家庭人口", "家庭年收入", "核算日期", "已建档", "身份证号", "城市"])
@pytest.mark.parametrize("mark", ["1", "0", "-", "a", "困", "１"])
def test_a_cell_of_five_thousand_characters_is_a_problem(fact: str, mark: str) -> None:
    told = _refused(fact, mark * 5_000)
    assert "has more than 1000 characters. No fact is that long." in told
    assert len(told) < 200


_ENDLESS = {
    "int": 10**5_000,
    "negative": -(10**5_000),
    "fraction": Fraction(1, 10**5_000),
    "large": Decimal("1e5000"),
    "small": Decimal("1e-999999"),
    "long": Decimal(10**1_001),
}


@pytest.mark.parametrize("cell", _ENDLESS)
@pytest.mark.parametrize("fact", ["家庭年收入", "城市", "核算日期", "已建档"])
def test_a_number_of_five_thousand_digits_is_a_problem(fact: str, cell: str) -> None:
    assert _refused(fact, _ENDLESS[cell]).startswith("The number has more than 1000 digits.")


@pytest.mark.parametrize("cell", [Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN")])
def test_what_is_no_finite_number_is_a_problem(cell: Decimal) -> None:
    assert f"“{cell}” is not a number." in _refused("家庭年收入", cell)


def test_a_long_number_is_quoted_in_short() -> None:
    told = _refused("家庭人口", "9" * 900)
    assert told.startswith(f"“{'9' * 60}…” is outside the range.")


@pytest.mark.parametrize(
    ("cell", "mark", "code"),
    [
        ("738①", "①", "U+2460"),
        ("12000²", "²", "U+00B2"),
        ("½", "½", "U+00BD"),
        ("⒈5", "⒈", "U+2488"),
        ("𝟏𝟐", "𝟏", "U+1D7CF"),
        ("12\u00a0000", "\u00a0", "U+00A0"),
    ],
)
def test_what_only_looks_like_a_digit_is_none(cell: str, mark: str, code: str) -> None:
    shown = cell.replace("\u00a0", "[U+00A0]")
    assert _refused("家庭年收入", cell) == (
        f"“{shown}” holds the character “{mark}” ({code}). It only looks like others. "
        "Remove it, or write it with ordinary characters."
    )


@pytest.mark.parametrize("cell", ["2023-08-0①", "2023年8⽉1日", "4513⑨"])
def test_nor_in_a_day(cell: str) -> None:
    assert "It only looks like others." in _refused("核算日期", cell)


def test_nor_for_yes() -> None:
    assert "It only looks like others." in _refused("已建档", "①")


def test_full_width_characters_are_read_as_ordinary_ones() -> None:
    assert _read("家庭年收入", "　１２，０００．５０　") == Fraction("12000.5")
    assert _read("核算日期", "２０２３－８－１") == datetime.date(2023, 8, 1)
    assert _read("核算日期", "２０２３年８月１日") == datetime.date(2023, 8, 1)
    assert _read("已建档", "ｙｅｓ") is True


@pytest.mark.parametrize(
    "cell",
    [
        "990202 19760412 0113",
        "990202-19760412-0113",
        "990202－19760412—0113",
        "990202197604120113\u200b",
        "\ufeff990202197604120113",
        "’990202197604120113",
        "'990202197604120113",
        "“990202197604120113”",
        "９９０２０２１９７６０４１２０１１３",
        "990202\u00a019760412\u30000113",
    ],
)
def test_what_is_only_typing_is_no_part_of_an_id_number(cell: str) -> None:
    assert _read("身份证号", cell) == ID


def test_the_check_character_may_be_a_small_or_a_roman_x() -> None:
    assert {_read("身份证号", f"99020219731001071{mark}") for mark in "xXｘⅩⅹ"} == {"99020219731001071X"}


def test_a_hyphen_alone_is_no_id_number() -> None:
    assert _refused("身份证号", "－") == "“-” is not a text. Fill it in, or leave it blank."


def test_a_whole_number_is_no_id_number_whether_its_digits_were_cut_or_not() -> None:
    assert _refused("身份证号", int(ID)) == (
        f"“{ID}” is a number, and many programs cut its last digits. Expected: the number as text, with all its digits. "
        "In JSON put it in quotes; in a spreadsheet format the column as text first."
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ID, None),
        (ID[:-1], "id_length"),
        ("990202760412011", "id_length"),
        ("99020219760412011①", "id_characters"),
        ("99020A197604120113", "id_characters"),
        ("990202197602300113", "id_date"),
        ("990202197604120114", "id_check"),
    ],
)
def test_what_is_wrong_with_an_id_number_is_known(text: str, fault: str | None) -> None:
    assert FORMS["id_number"].fault(text) == fault


@pytest.mark.parametrize(
    ("id_number", "note"),
    [
        (ID[:-1], "身份证号不是18位"),
        ("99020A197604120113", "身份证号有不该有的字符：前17位应为数字，末位应为数字或X"),
        ("990202197602300113", "身份证号第7至14位不是日历上有的日期"),
        ("990202197604120114", "身份证号末位校验码不对，恐有一位写错"),
        (ID, None),
        ("", None),
    ],
)
def test_a_result_says_why_an_id_number_fails(id_number: str, note: str | None) -> None:
    household = {
        "家庭人口": 3,
        "家庭年收入": 20000,
        "城市": "阜阳",
        "县区": "颍州",
        "身份证号": id_number,
        "已建档": "是",
    }
    decision = engine.decide(POLICY, household, today=datetime.date(2023, 8, 15))
    assert [found for found in decision.notes if found.startswith("身份证号")] == ([note] if note else [])


def test_a_day_with_a_time_is_quoted_as_it_was_written() -> None:
    assert _refused("核算日期", Fraction("45139.5")) == (
        "“45139.5” is a day with a time of day, as a spreadsheet counts them. Expected: a day such as 2023-08-01. "
        "Write the day alone."
    )
    assert "“0.5” is neither yes nor no." in _refused("已建档", Fraction("0.5"))


def test_nothing_but_unseen_characters_is_blank() -> None:
    assert all(map(is_blank, [None, "", "  ", "\u3000", "\u200b", " \ufeff\u200b "]))
    assert not any(map(is_blank, [0, False, "0", "-", "\u200b0"]))


def test_unseen_characters_are_shown_by_their_codes() -> None:
    assert quoted("1\u200b2\n") == "1[U+200B]2[U+000A]"
    assert quoted("张　三") == "张　三"


def test_an_unseen_character_keeps_no_district_from_its_figure() -> None:
    assert _read("县区", "颍州\u200b") == "颍州"
