"""The words that people read: problems and help through gettext, and the words of a policy's own language.

A `Message` is a template with its values, translated only when it is shown, so that problems stay values.
`Words` are the words that follow the language of a policy (headings, generated names, the explanation).
"""

from __future__ import annotations

import gettext
import json
import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType

from engine.messages.numbers import plain

__all__ = [
    "LANGUAGES",
    "Message",
    "Words",
    "catalogues",
    "choose_language",
    "languages_of_policies",
    "plain",
    "say",
    "words",
]

LANGUAGES = ("en", "zh_CN")
_DOMAIN = "bangfu"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Message:
    """A sentence in English with named gaps, and what fills them; `text` says it in a language."""

    template: str
    values: tuple[tuple[str, object], ...] = ()

    def text(self, language: str = "en") -> str:
        """The sentence in `language` (one of `LANGUAGES`); English where the catalogue has none."""
        filled = {name: _shown(value, language) for name, value in self.values}
        return _catalogue(language).gettext(self.template).format(**filled)


def say(template: str, /, **values: object) -> Message:
    """The message `template` (English, with `{gaps}`) filled with `values` when it is shown."""
    return Message(template, tuple(values.items()))


def _shown(value: object, language: str) -> str:
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, tuple):
        joint = "、" if language.startswith("zh") else ", "
        return joint.join(_shown(item, language) for item in value)
    if isinstance(value, Fraction):
        return plain(value)
    return str(value)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    with (_HERE / "catalogues" / language / "LC_MESSAGES" / f"{_DOMAIN}.mo").open("rb") as stream:
        return gettext.GNUTranslations(stream)


def catalogues() -> str:
    """The folder of the compiled catalogues, as `gettext` wants it."""
    return str(_HERE / "catalogues")


def choose_language(asked: str | None, of_policy: str | None = None) -> str:
    """The language for problems and help: what was asked for, else the locale, else the policy's own, else English.

    A machine with no locale (Windows sets none in the environment) speaks the policy's language.
    """
    if asked:
        return asked
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        found = os.environ.get(name, "")
        if found.startswith("zh"):
            return "zh_CN"
        if found.startswith("en"):
            return "en"
    system = (locale.getlocale()[0] or "").lower()
    if system.startswith(("zh", "chinese")):
        return "zh_CN"
    return "zh_CN" if (of_policy or "").startswith("zh") else "en"


@dataclass(frozen=True)
class Words:
    """The words of one language that a policy's names, headings and explanations are made of."""

    language: str
    entries: Mapping[str, str]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    bounds: Mapping[str, Mapping[str, str]]
    """The words that set a bound (以上, at least), by sort, each with its operator."""
    numerals: Mapping[str, Mapping[str, str]]
    """The words that numbers are written in (万, per cent), by sort, each with its value."""

    def __getitem__(self, key: str) -> str:
        return self.entries[key]

    def __reduce__(self) -> tuple[object, ...]:
        return words, (self.language,)


def languages_of_policies() -> tuple[str, ...]:
    """Every language in which a policy may be written: one file of words each."""
    return tuple(sorted(entry.stem for entry in (_HERE / "words").glob("*.json")))


@cache
def words(language: str) -> Words:
    """The words of `language`, one of `languages_of_policies()`.

    Raises: FileNotFoundError where there is no such language.
    """
    content = json.loads((_HERE / "words" / f"{language}.json").read_text(encoding="utf-8"))
    entries, bounds, numerals = (MappingProxyType(content[part]) for part in ("words", "bounds", "numerals"))
    return Words(language, entries, tuple(content["yes"]), tuple(content["no"]), bounds, numerals)
