"""The table of households with what changes for each, written beside the rows that were set aside, with its manifest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType

from engine import __version__
from engine.decision import decimals
from engine.effects.kinds import kind_of
from engine.effects.pairs import Pairs, Row
from engine.effects.standings import Key
from engine.manifest import write_manifest
from engine.messages import say
from engine.source import Place, Problem, normal
from engine.tables import Cell, TableError, Target, create_target
from engine.tables.whole import Parts, refuse_over, together
from engine.variants import Variant

__all__ = ["Ledger"]


class Ledger:
    """What is written of each household; nothing where there is no `target`."""

    def __init__(self, variants: tuple[Variant, Variant], pairs: Pairs, target: Path | None, language: str) -> None:
        self._variants = variants
        self._pairs = pairs
        self._measured = pairs.measured
        self._counts = {"decided": 0, "rejected": 0}
        self._said: dict[Key, tuple[str, str]] = {}
        self._language = language
        self._words = pairs.runs[1].policy.words
        self._files = ExitStack()
        self._good: Target | None = None
        self._bad: Target | None = None
        self._target = target
        self._rejects = None if target is None else target.with_name(f"{target.stem}.rejects{target.suffix}")

    def __enter__(self) -> Ledger:
        if self._target is None or self._rejects is None:
            return self
        rosters = [roster for run in self._pairs.runs for roster in run.people.rosters.values()]
        refuse_over((self._target, self._rejects), tuple(roster.source.name for roster in rosters))
        own = self._headings()
        self._refuse_taken(own)
        header = self._pairs.header
        with ExitStack() as files:
            parts = files.enter_context(together())
            files.push(partial(self._finish, parts, self._target, self._rejects))
            self._good = files.enter_context(
                create_target(self._target, [*header, *own], like=self._pairs.table, decimals=self._decimals())
            )
            self._bad = files.enter_context(
                create_target(self._rejects, [*header, self._pairs.runs[1].reason], like=self._pairs.table)
            )
            self._files = files.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def _finish(
        self, parts: Parts, target: Path, rejects: Path, kind: type[BaseException] | None, *error: object
    ) -> None:
        """The manifest; where nothing was set aside, no rejects are left, not even those of an earlier run."""
        if kind is not None:
            return
        if not self._counts["rejected"]:
            parts.drop(rejects)
        pairs, source = self._pairs, self._pairs.source
        write_manifest(
            target,
            {"changed_from": self._variants[0].content(), "changed_to": self._variants[1].content()},
            version=__version__,
            algebra=pairs.algebra,
            because="" if pairs.because is None else pairs.because.text(self._language),
            source=source.path,
            today=source.today,
            asked={"format": source.format or "", "encoding": source.encoding or "", "language": self._language},
            counts={"read": sum(self._counts.values()), **self._counts},
            persons=source.persons,
            rejects=rejects if parts.holds(rejects) else None,
            stands=parts.part,
            known=parts.sha256,
        )

    def _decimals(self) -> dict[str, int]:
        """The places of an amount that is not whole, under each heading of money, as a result of one policy writes it."""
        sides = [decimals(variant.policy) for variant in self._variants]
        measure = max(side.get(self._measured.measure, 0) for side in sides)
        found = {self._words[word]: measure for word in ("effect_difference", "effect_owed")}
        for word, side in zip(("effect_old", "effect_new"), sides, strict=True):
            found |= {self._words[word].format(heading=heading): places for heading, places in side.items()}
        return found

    def _headings(self) -> list[str]:
        """The columns added: each output that is compared before and after, then what that comes to."""
        pairs = [self._words[word] for word in ("effect_old", "effect_new")]
        found = [template.format(heading=heading) for heading in self._measured.headings for template in pairs]
        return [
            *found,
            *(self._words[word] for word in ("effect_difference", "effect_owed", "effect_size", "effect_kind")),
        ]

    def _refuse_taken(self, own: list[str]) -> None:
        taken = {normal(name) for name in self._pairs.header} & set(own)
        if taken:
            wrong = say("The result has a column of this name, too.")
            remedy = say("Rename the column, or leave it out.")
            places = (Place(self._pairs.table.name, 1, label=name) for name in sorted(taken))
            raise TableError(tuple(Problem(place, wrong, None, remedy) for place in places))

    @property
    def is_written(self) -> bool:
        """Whether there is a table to write."""
        return self._target is not None

    def write(self, row: Row) -> None:
        """One household with what was, what is, the difference of the amount measured, and what of it is owed."""
        if self._good is None:
            return
        found = [value for values in row.found.values() for value in values]
        old, new = row.found[self._measured.measure]
        assert isinstance(old, int | Fraction) and isinstance(new, int | Fraction)
        difference = 0 if old == new else Fraction(new) - old
        owed = difference if difference > 0 else 0
        if row.key not in self._said:
            self._said[row.key] = self._sentences(row.key)
        self._counts["decided"] += 1
        self._good.write([*row.cells, *found, difference, owed, *self._said[row.key]])

    def _sentences(self, key: Key) -> tuple[str, str]:
        """The gain or loss, and what changes, in words."""
        kind = kind_of(key)
        text = self._words["effect_unchanged"] if kind is None else kind.text(self._words, self._measured.measure)
        return self._words[f"effect_size_{key.size}"], text

    def set_aside(self, cells: Sequence[Cell], problems: tuple[Problem, ...]) -> None:
        """One row that is bad under either policy, with its reasons."""
        self._counts["rejected"] += 1
        if self._bad is not None:
            reasons = self._words["separator"].join(problem.text(self._language) for problem in problems)
            self._bad.write([*cells, reasons])
