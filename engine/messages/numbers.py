"""Exact numbers as text: plain decimals where they end, a fraction beside an approximation where they do not."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["approximate", "ends", "grouped", "places_of", "plain"]

_PLACES = 2


def ends(value: int | Fraction) -> bool:
    """Whether `value` has a finite decimal form."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def places_of(step: Fraction) -> int:
    """The places that a multiple of `step` may have (0.01: 2); none where `step` is no decimal."""
    return len(plain(step).partition(".")[2]) if ends(step) else 0


def plain(value: int | Fraction, least: int = 0) -> str:
    """`value` as a decimal without exponent (`7600`, `12307.5`), or as `n/d` where it has no end.

    Where it is not whole it has at least so many places (`12307.50`), and no other zeros at its end.
    """
    if isinstance(value, int):
        return str(int(value))
    exact = value
    if exact.denominator == 1:
        return str(exact.numerator)
    if not ends(exact):
        return f"{exact.numerator}/{exact.denominator}"
    places = least
    while 10**places % exact.denominator:
        places += 1
    return _with_places(exact, places)


def approximate(value: int | Fraction) -> str:
    """`value` to two places, halves away from zero: only to be shown beside the exact form, never to decide."""
    exact = Fraction(value)
    hundredths = (abs(exact) * 2 * 10**_PLACES + 1) // 2
    return _with_places(Fraction(hundredths if exact >= 0 else -hundredths, 10**_PLACES), _PLACES)


def grouped(text: str) -> str:
    """The decimal `text` with a comma between every three digits before the point."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}" if whole.isdecimal() else text


def _with_places(exact: Fraction, places: int) -> str:
    scaled = exact.numerator * 10**places // exact.denominator
    digits = str(abs(scaled)).rjust(places + 1, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"
