"""The 2023 scheme in OpenFisca, in 元, as its clauses say it and as OpenFisca counts: in floats of 32 bits.

What comes out is wrong on lines and by a 分 here and there; how often is what is told. OpenFisca is not among the packages
of this project: `pip install openfisca-core` where `--beside openfisca` is to be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from openfisca_core.entities import build_entity
from openfisca_core.periods import YEAR
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from benchmarks.hand_written import COLUMNS, FACTS

__all__ = ["Table"]

Facts = Callable[[str], Any]

_PERIOD = "2023"
_COUNTS = ("家庭人口", "在学子女数")
_AIDS = ("生活救助", "医疗救助", "助学救助")
_TEXTS = {
    "困难类别": ("", "深度困难职工", "相对困难职工", "意外致困职工"),
    "审批": ("", "省总工会", "全国总工会"),
}
"""Texts by their number; OpenFisca decides the number."""


def _below_line(f: Facts, given: Any = 0) -> Any:
    """The filing test of the first category, what was given so far counting as income."""
    return (f("核算收入") + given - f("刚性支出")) / 12 / f("家庭人口") < f("当地低保月标准")


def _to_hundred(amount: Any) -> Any:
    return np.floor(amount / 100 + 0.5) * 100


def _left(f: Facts, amount: Any, aid: str) -> Any:
    """What is left of `amount` this year."""
    return np.maximum(amount - f(f"年内已获{aid}"), 0)


def _wanted(f: Facts, aid: str, ceiling: Any, floor: Any = 0) -> Any:
    """The choice within its range, 0 where it is 0; without a choice the ceiling."""
    amount = np.where(f(f"核定{aid}·已填"), np.minimum(f(f"核定{aid}"), ceiling), ceiling)
    return np.where(amount > 0, np.maximum(amount, floor), 0)


def _is_given(f: Facts, aid: str) -> Any:
    """Whether this is the one aid of the second category: the recorded one, or the highest, the first of equals."""
    recorded = [f(f"核定{name}·已填") & (f(f"核定{name}") > 0) for name in _AIDS]
    wanted = [f(f"相对·{name}") for name in _AIDS]
    at, some = _AIDS.index(aid), np.logical_or.reduce(recorded)
    chosen = np.where(some, recorded[at], np.argmax(wanted, axis=0) == at)
    return (f("困难类别") == 2) & (f("已获") == 0) & chosen


def _deep_total(f: Facts) -> Any:
    living = f("深度·生活救助·上限")
    both = living + np.where(_below_line(f, living), f("深度·医疗救助·上限"), 0)
    return np.where(f("深度"), both + np.where(_below_line(f, both), f("深度·助学救助·上限"), 0), 0)


def _category(f: Facts) -> Any:
    deep, relative, accident = (f(f"{name}·合计") for name in ("深度", "相对", "意外"))
    is_deep = f("深度") & (deep >= relative) & (deep >= accident)
    return np.select([is_deep, f("相对") & (relative >= accident), f("意外")], [1, 2, 3], 0)


def _relative_medical(f: Facts) -> Any:
    burden = f("医疗个人负担")
    return np.minimum(np.minimum(_to_hundred(0.8 * burden), burden), 160000)


def _given(f: Facts, aid: str, is_below: Any) -> Any:
    """An aid of the first two categories."""
    deep = np.where(is_below, f(f"深度·{aid}"), 0)
    return np.where(f("困难类别") == 1, deep, np.where(_is_given(f, aid), f(f"相对·{aid}"), 0))


def _loss_share(f: Facts) -> Any:
    """15% of the loss to the 分, at most 10,000."""
    return np.minimum(np.floor(0.15 * f("致困支出总额") * 100 + 0.5) / 100, 10000)


_STANDARD = "城市低保平均标准"
_FORMULAS: dict[str, tuple[type, Callable[[Facts], Any]]] = {
    "已获": (float, lambda f: sum(f(f"年内已获{aid}") for aid in (*_AIDS, "意外救助"))),
    "核算收入": (float, lambda f: f("家庭年收入") + f("已获")),
    "刚性支出": (float, lambda f: f("因病支出") + f("因残支出") + f("子女上学支出")),
    "净损失": (
        float,
        lambda f: f("致困支出总额") - f("赔偿补偿") - f("保险支付") - f("社会救助") - f("社会帮扶"),
    ),
    "深度": (bool, _below_line),
    "相对": (
        bool,
        lambda f: (f("核算收入") - f("刚性支出") - f("必要就业成本")) / 12 / f("家庭人口") < 2 * f("当地低保月标准"),
    ),
    "意外": (bool, lambda f: f("净损失") >= 24000),
    "深度·生活救助·上限": (float, lambda f: _left(f, 12 * f(_STANDARD), "生活救助")),
    "深度·生活救助·下限": (float, lambda f: _left(f, 8 * f(_STANDARD), "生活救助")),
    "深度·医疗救助·上限": (float, lambda f: _left(f, f("医疗个人负担"), "医疗救助")),
    "深度·助学救助·上限": (float, lambda f: _left(f, 10 * f(_STANDARD) * f("在学子女数"), "助学救助")),
    "相对·生活救助·上限": (float, lambda f: _to_hundred(0.8 * (12 * f(_STANDARD)))),
    "相对·生活救助·下限": (float, lambda f: _to_hundred(0.8 * (8 * f(_STANDARD)))),
    "相对·医疗救助·上限": (float, _relative_medical),
    "相对·助学救助·上限": (float, lambda f: _to_hundred(0.8 * (10 * f(_STANDARD))) * f("在学子女数")),
    "意外·上限": (float, lambda f: _left(f, _loss_share(f), "意外救助")),
    "深度·合计": (float, _deep_total),
    "相对·合计": (
        float,
        lambda f: np.where(
            f("相对") & (f("已获") == 0), np.maximum.reduce([f(f"相对·{aid}·上限") for aid in _AIDS]), 0
        ),
    ),
    "意外·合计": (float, lambda f: np.where(f("意外"), f("意外·上限"), 0)),
    "困难类别": (int, _category),
    **{
        f"{of}·生活救助": (
            float,
            lambda f, of=of: _wanted(f, "生活救助", f(f"{of}·生活救助·上限"), f(f"{of}·生活救助·下限")),
        )
        for of in ("深度", "相对")
    },
    **{
        f"{of}·{aid}": (float, lambda f, of=of, aid=aid: _wanted(f, aid, f(f"{of}·{aid}·上限")))
        for of in ("深度", "相对")
        for aid in _AIDS[1:]
    },
    "生活救助": (float, lambda f: _given(f, "生活救助", True)),
    "医疗救助": (float, lambda f: _given(f, "医疗救助", _below_line(f, f("生活救助")))),
    "助学救助": (float, lambda f: _given(f, "助学救助", _below_line(f, f("生活救助") + f("医疗救助")))),
    "意外救助": (float, lambda f: np.where(f("困难类别") == 3, _wanted(f, "意外救助", f("意外·上限")), 0)),
    "合计": (float, lambda f: f("生活救助") + f("医疗救助") + f("助学救助") + f("意外救助")),
    "审批": (
        int,
        lambda f: (f("困难类别") == 1) * ((f("医疗救助") >= 20000) * 1 + (f("医疗救助") >= 50000) * 1),
    ),
}


def _system() -> TaxBenefitSystem:
    """The scheme as a system of variables, one household an entity."""
    household = build_entity(key="household", plural="households", label="户", is_person=True)
    system = TaxBenefitSystem([household])
    said = {"entity": household, "definition_period": YEAR}
    for name in FACTS:
        kind = bool if "·" in name else int if name in _COUNTS else float
        system.add_variable(type(name, (Variable,), {**said, "value_type": kind}))
    for name, (kind, formula) in _FORMULAS.items():
        system.add_variable(type(name, (Variable,), {**said, "value_type": kind, "formula": _formula(formula)}))
    return system


def _formula(formula: Callable[[Facts], Any]) -> Callable[..., Any]:
    def found(household: Any, period: Any) -> Any:
        return formula(lambda name: household(name, period))

    return found


class Table:
    """Households as arrays, money in 元."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._system = _system()
        self._rows = frame.height
        self._facts = {name: frame[name].to_numpy() / self._scale(frame, name) for name in FACTS if "·" not in name}
        self._facts |= {name: frame[name].to_numpy() for name in FACTS if "·" in name}
        self._found: dict[str, Any] = {}

    @staticmethod
    def _scale(frame: pl.DataFrame, name: str) -> int:
        return 1 if name in _COUNTS else 100

    def decide(self) -> None:
        """Decide the households anew."""
        simulation = SimulationBuilder().build_default_simulation(self._system, count=self._rows)
        for name, values in self._facts.items():
            simulation.set_input(name, _PERIOD, values)
        self._found = {name: simulation.calculate(name, _PERIOD) for name in COLUMNS}

    def decided(self) -> pl.DataFrame:
        """What was decided, amounts to the nearest 分."""
        return pl.DataFrame({name: self._column(name, values) for name, values in self._found.items()})

    @staticmethod
    def _column(name: str, values: Any) -> pl.Series:
        if name in _TEXTS:
            return pl.Series(np.array(_TEXTS[name])[values], dtype=pl.String)
        return pl.Series(np.rint(values.astype(np.float64) * 100).astype(np.int64))
