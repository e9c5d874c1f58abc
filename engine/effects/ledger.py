"""The table of households with what changes for each, written row by row beside the rows that were set aside."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

from engine.algebras.exact import Value
from engine.effects.kinds import kind_of
from engine.effects.pairs import Pair, Pairs
from engine.effects.standings import Key, Measured
from engine.messages import say
from engine.source import Place, Problem, normal
from engine.tables import Cell, TableError, Target, create_target
from engine.tables.whole import refuse_over

__all__ = ["Ledger"]


class Ledger:
    """What is written of each household; nothing where there is no `target`."""

    def __init__(self, pairs: Pairs, measured: Measured, target: Path | None, language: str) -> None:
        self._pairs = pairs
        self._measured = measured
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
            self._good = files.enter_context(create_target(self._target, [*header, *own], like=self._pairs.table))
            self._bad = files.enter_context(
                create_target(self._rejects, [*header, self._words["reason"]], like=self._pairs.table)
            )
            self._files = files.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)
        if error is None and self._rejects is not None and not self._pairs.aside.counts:
            self._rejects.unlink()  # nothing was set aside, and an earlier run's rejects are no longer true

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

    def write(self, pair: Pair, key: Key) -> None:
        """One household with what was, what is, the difference of the amount measured, and what of it is owed."""
        if self._good is None:
            return
        found: list[Value] = []
        for names in self._measured.headings.values():
            found += [pair.old.names.get(names[0]), pair.new.names.get(names[1])]
        at = 2 * list(self._measured.headings).index(self._measured.measure)
        old, new = (value if isinstance(value, int | Fraction) else 0 for value in found[at : at + 2])
        kind = kind_of(key)
        text = self._words["effect_unchanged"] if kind is None else kind.text(self._words, self._measured.measure)
        size = self._words[f"effect_size_{key.size}"]
        self._good.write([*pair.cells, *found, new - old, max(new - old, 0), size, text])

    def set_aside(self, cells: tuple[Cell, ...], problems: tuple[Problem, ...]) -> None:
        """One row that is bad under either policy, with its reasons."""
        if self._bad is not None:
            reasons = self._words["separator"].join(problem.text(self._language) for problem in problems)
            self._bad.write([*cells, reasons])
