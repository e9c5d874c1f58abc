"""The story of a decision, section by section: the household, the categories, the choice, the aids, the result."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from engine.algebras.exact import Value
from engine.algebras.trace import Step, Trace
from engine.decision import Amount, Decision
from engine.explanation.reasons import Reasons, compares, deciding, distance, needed
from engine.explanation.wording import equals, number, numbers, spoken, written
from engine.expression import ROUNDINGS, calls
from engine.fold import Reading, read_all
from engine.messages import plain
from engine.policy import Aid, AtCeiling, Category, Fact, Policy, Rule
from engine.tables.intake import Household
from engine.units import kinds_of

__all__ = ["Explanation", "Line", "Section", "step_line", "step_lines", "tell", "traced"]


@dataclass(frozen=True)
class Line:
    """One line of the story. A step has a name, its expression as written and with its numbers, its value and its clause.

    `person` names whom of a group the step is read for. `exact` is the value without rounding (`7241/9`); `margin` how far a comparison is from its line, in the unit of its
    sides. A sentence that is no step has only `text`.
    """

    text: str
    name: str = ""
    written: str = ""
    numbers: str = ""
    value: str = ""
    exact: str = ""
    unit: str = ""
    margin: str = ""
    distance: str = ""
    clause: str = ""
    quote: str = ""
    place: str = ""
    person: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the story (household, categories, choice, aids, rules or result): its title and its lines in order."""

    part: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Explanation:
    """A decision with the story of how it came about; `trace` holds the exact value of every name that was needed.

    `persons` holds for each group the same of each of its persons.
    """

    decision: Decision
    sections: tuple[Section, ...]
    trace: tuple[tuple[str, str | bool | None], ...]
    persons: tuple[tuple[str, tuple[tuple[tuple[str, str | bool | None], ...], ...]], ...] = ()

    def text(self) -> str:
        """The story as lines of text."""
        lines: list[str] = []
        for section in self.sections:
            lines += [section.title, *(f"  {line.text}" for line in section.lines), ""]
        return "\n".join(lines).rstrip() + "\n"

    def json(self) -> str:
        """The story as JSON; numbers are exact texts (`12307.5`, `7241/9`)."""
        decision = self.decision
        content: dict[str, object] = {
            "decision": {name: _in_json(getattr(decision, name)) for name in _OF_DECISION},
            "outputs": {heading: _plain(value) for heading, value in decision.outputs},
            "holds": list(decision.holds),
            "sections": [
                {"part": section.part, "title": section.title, "lines": [_filled(line) for line in section.lines]}
                for section in self.sections
            ],
            "trace": dict(self.trace),
        }
        if self.persons:
            content["persons"] = {group: [dict(person) for person in people] for group, people in self.persons}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


_OF_DECISION = (
    "category",
    "conclusion",
    "aids",
    "total",
    "payable",
    "approval",
    "clauses",
    "notes",
    "policy",
    "year",
    "fingerprint",
)
"""The parts of a decision that its JSON holds under names that are the same for every policy."""


def _in_json(part: Value | tuple[str, ...] | tuple[Amount, ...]) -> object:
    if isinstance(part, tuple):
        return [
            {name: _plain(value) for name, value in asdict(item).items()} if isinstance(item, Amount) else item
            for item in part
        ]
    return _plain(part)


def _filled(line: Line) -> dict[str, str]:
    return {key: value for key, value in asdict(line).items() if value}


def _plain(value: Value) -> str | bool | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    return plain(value) if isinstance(value, (int, Fraction)) else value.isoformat()


def traced(policy: Policy, household: Household, algebra: Trace) -> Reading[Step]:
    """The step of every name of `policy` for one household and for each of its persons."""
    persons = {
        group: [{name: algebra.fact(value) for name, value in person.items()} for person in people]
        for group, people in household.persons.items()
    }
    return read_all(policy, {name: algebra.fact(value) for name, value in household.facts.items()}, algebra, persons)


def tell(policy: Policy, reading: Reading[Step], decision: Decision) -> Explanation:
    """The story of `decision`, from the steps of every name of `policy`."""
    teller = _Teller(policy, reading)
    sections = [teller.household()]
    if policy.categories:
        sections += [teller.categories(), teller.choice(), teller.aids()]
    else:
        sections.append(teller.rules())
    sections.append(teller.result(decision))
    persons = tuple((group, tuple(map(_exacts, people))) for group, people in reading.persons.items())
    return Explanation(decision, tuple(sections), _exacts(reading.names), persons)


def _exacts(steps: Mapping[str, Step]) -> tuple[tuple[str, str | bool | None], ...]:
    return tuple((name, _plain(step.value)) for name, step in steps.items())


def _exact(value: Value) -> str:
    """`value` as an exact text: a plain decimal or a fraction, a truth as `true` or `false`, a day as year-month-day."""
    plain_value = _plain(value)
    return str(plain_value).lower() if isinstance(plain_value, bool) else plain_value or ""


def step_line(policy: Policy, reading: Reading[Step], name: str) -> str:
    """The one step that gives the rule `name` its value, as the story tells it."""
    teller = _Teller(policy, reading)
    return teller.line(teller.rules_by_name[name]).text


def step_lines(policy: Policy, reading: Reading[Step], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each of `names` the steps that give it its value, as the story tells them: of a rule one for the household, of a
    rule of a group one for each person; of a fact what it is."""
    teller = _Teller(policy, reading)
    facts = {fact.name: fact for fact in policy.facts}
    return {
        name: tuple(teller.line(rule, step, person).text for person, step in teller.read(rule))
        if (rule := teller.rules_by_name.get(name)) is not None
        else tuple(line.text for line in teller.fact(facts[name], reading.names))
        for name in names
    }


class _Teller:
    """Tells each step once, where it is first needed."""

    def __init__(self, policy: Policy, reading: Reading[Step]) -> None:
        self.policy = policy
        self.words = policy.words
        self.steps = reading.names
        self.persons = reading.persons
        self.kinds = kinds_of(policy)[0]
        self.rules_by_name = {rule.name: rule for rule in policy.rules}
        self.told: set[str] = set()
        self.texts: set[str] = set()
        self.prefix = ""
        self.reasons = Reasons(policy.words, self.unit, self.fault)

    # -- one step ------------------------------------------------------------------------------------------------------

    def say(self, key: str, **values: str) -> Line:
        """A sentence made of the words under `key`."""
        return Line(self.words[key].format(**values))

    def section(self, part: str, lines: Sequence[Line]) -> Section:
        """The section `part` under its title."""
        return Section(part, self.words[f"section_{part}"], tuple(lines))

    def unit(self, name: str) -> str:
        """The unit of `name` as it is written behind a number, with a blank before it."""
        kind = self.kinds.get(name)
        return f" {kind.unit}" if kind is not None and kind.name == "number" and kind.powers else ""

    def amount(self, name: str) -> str:
        """The value of the number `name`, with its unit."""
        return spoken(self.words, self.steps[name].value) + self.unit(name)

    def is_true(self, name: str) -> bool:
        """Whether the truth `name` holds; true for no name."""
        return not name or self.steps[name].value is True

    def short(self, text: str) -> str:
        """`text` with the names of the category that is being told cut short."""
        for word in ("ceiling", "floor"):  # an English heading joins them with “_”
            text = text.replace(f"·{self.words[word]}", f"{self.words['end_joint']}{self.words[word].strip('_')}")
        at_ceilings = f"{self.prefix}{self.words['at_ceilings']}·"
        return text.replace(at_ceilings, "").replace(self.prefix, "") if self.prefix else text

    def title(self, name: str) -> str:
        """The name `name` as a line begins with it: an end of a range from which nothing came off is that end."""
        end, _, before = name.rpartition("·")
        is_end = before == self.words["stated"] and self.steps[end].value == self.steps[name].value
        return self.short(end if is_end else name)

    def because(self, name: str) -> str:
        """Why the truth `name` is what it is."""
        return self.short(self.reasons.of(self.steps[name].parts[0]))

    def fault(self, fact: str) -> str:
        """What is wrong with the text `fact`, which is not of its form."""
        if self.steps[fact].value == "":
            return self.words["reason_not_given"].format(name=fact)
        known = {f"{fact}·{self.words[word]}" for word in ("given", "valid", "in_force")}
        names = (name for found in self.policy.facts if found.name == fact for name in found.core_names(self.words))
        faults = [name for name in names if name != fact and name not in known and self.is_true(name)]
        if not faults:
            return self.words["reason_invalid"].format(name=fact)
        return self.words["reason_fault"].format(name=fact, fault=faults[0].removeprefix(f"{fact}·"))

    def line(self, rule: Rule, named: Step | None = None, person: str = "") -> Line:
        """The step of `rule`; of a rule of a group the step `named` of the `person`."""
        step = (named or self.steps[rule.name]).parts[0]
        as_written, as_numbers = self.short(written(self.words, step)), numbers(self.words, step)
        value, unit, margin = spoken(self.words, step.value), self.unit(rule.name), self._margin(step)
        says = " " + self.words["says"].format(clause=rule.saying.clause) if rule.saying.clause else ""
        name = f"{person}{self.words['colon']}{rule.name}" if person else self.title(rule.name)
        if isinstance(step.value, bool):
            text = f"{name}{self.words['colon']}{self._truth(step, as_written, as_numbers, margin)}"
        else:
            steps = dict.fromkeys(text for text in (as_written, as_numbers) if text != value)
            text = self.words["equals"].join((name, *steps)) + equals(self.words, step.value) + unit
        return Line(
            text=text + says,
            name=rule.name,
            written=as_written,
            numbers=as_numbers,
            value=value,
            exact=_exact(step.value),
            unit=unit.strip(),
            margin=margin,
            distance="" if (apart := distance(step)) is None else plain(apart),
            clause=rule.saying.clause,
            quote=rule.saying.quote or rule.saying.because,
            place=str(rule.place),
            person=person,
        )

    def _truth(self, step: Step, as_written: str, as_numbers: str, margin: str) -> str:
        """A truth as written, with its numbers where it compares any, whether it holds, and by how much or why."""
        words = self.words
        shown = f"{as_written}{words['colon']}{as_numbers}" if compares(step) else as_written
        text = f"{shown}{words['stop']}{words['holds' if step.value else 'fails']}"
        if step.operation in ("and", "or") or (step.value is False and not margin and compares(step)):
            return text + words["because"].format(reason=self.short(self.reasons.of(step)))
        return f"{text}{words['stop']}{margin}" if margin else text

    def _margin(self, step: Step) -> str:
        """How far apart the sides of the comparison are that decided; empty where none did, or several."""
        found = [margin for part in deciding(step) if (margin := self.reasons.margin(part))]
        return found[0] if len(found) == 1 else ""

    def steps_to(self, *names: str) -> list[Line]:
        """The steps of `names` and of everything that they came from, those not told before."""
        found: list[Line] = []

        def visit(name: str) -> None:
            rule = self.rules_by_name.get(name)
            if rule is None or name in self.told:
                return
            self.told.add(name)
            for person, step in self.read(rule):
                names_read = list(needed(step.parts[0]))
                for other in names_read:
                    visit(other)
                first = self.steps.get(names_read[0]) if names_read else None
                changed = first is None or first.value != step.value
                if rule.told == "always" or (rule.told == "changed" and changed) or self._is_worked_out(rule, step):
                    line = self.line(rule, step, person)
                    if line.text not in self.texts:  # a recheck at the ceilings is often that of what is given
                        found.append(line)
                    self.texts.add(line.text)

        for name in names:
            if name:
                visit(name)
        return found

    def read(self, rule: Rule) -> list[tuple[str, Step]]:
        """The step of `rule`; of a rule of a group the step of each person, with who that is."""
        if not rule.of:
            return [("", self.steps[rule.name])]
        return [(self._who(rule.of, at), person[rule.name]) for at, person in enumerate(self.persons[rule.of], 1)]

    def _is_worked_out(self, rule: Rule, step: Step) -> bool:
        """Whether `rule` is what is gathered for each person, and that is more than a name."""
        is_gathered = bool(rule.of) and f"·{self.words['persons']}" in rule.name
        return is_gathered and step.parts[0].operation not in ("name", "constant")

    def _who(self, group: str, number: int) -> str:
        return self.words["person"].format(group=group, number=number)

    # -- the sections --------------------------------------------------------------------------------------------------

    def household(self) -> Section:
        """Every fact that was given, and every one that was looked up; what was taken for a blank is among the notes."""
        lines = [line for fact in self.policy.facts for line in self.fact(fact, self.steps)]
        for group in self.policy.groups:
            for at, person in enumerate(self.persons[group.name], 1):
                facts = self.words["comma"].join(line.text for fact in group.facts for line in self.fact(fact, person))
                who = self._who(group.name, at)
                lines.append(Line(f"{who}{self.words['colon']}{facts}", person=who))
        return self.section("household", lines)

    def fact(self, fact: Fact, steps: Mapping[str, Step]) -> list[Line]:
        """The line of a fact that was given or looked up."""
        known = steps.get(f"{fact.name}·{self.words['given']}")
        is_given = known is None or known.value is True
        if not is_given and (fact.absence is None or not (fact.absence.is_looked_up or fact.is_reference)):
            return []
        unit = f" {fact.unit.text}" if fact.unit.text else ""
        value = steps[fact.name].value
        text = value if isinstance(value, str) else spoken(self.words, value)
        if is_given or fact.absence is None:
            return [self.say("fact_given", name=fact.name, value=text, unit=unit)]
        if fact.absence.is_looked_up:
            found = [call.args[0] for call in calls(fact.absence.value.tree, "lookup")]
            tables = self.words["comma"].join(table.id for table in found if isinstance(table, ast.Name))
            return [self.say("fact_looked_up", name=fact.name, value=text, unit=unit, tables=tables)]
        return [self.say("fact_taken", name=fact.name, value=text, unit=unit)]

    def categories(self) -> Section:
        """The test of each category, with the margin."""
        lines: list[Line] = []
        for category in self.policy.categories:
            lines += self.steps_to(category.test)
            lines.append(self._tested(category))
        return self.section("categories", lines)

    def _tested(self, category: Category) -> Line:
        if self.is_true(category.test):
            return self.say("test_holds", category=category.name)
        return self.say("test_fails", category=category.name, reason=self.because(category.test))

    def picked(self) -> Category | None:
        """The category chosen."""
        return next((found for found in self.policy.categories if self.is_true(found.picked)), None)

    def choice(self) -> Section:
        """Which of the categories that hold is chosen, and why not the others."""
        picked = self.picked()
        if picked is None:
            return self.section("choice", (self.say("none_picked"),))
        held = [category for category in self.policy.categories if self.is_true(category.test)]
        lines: list[Line] = []
        if len(held) > 1:
            if self._is_highest(picked):
                lines += [line for category in held for line in self._at_ceilings(category)]
            lines.append(self.say("category_picked", category=picked.name))
            lines += [self._not_picked(category, picked) for category in held if category is not picked]
        else:
            lines.append(self.say("category_only", category=picked.name))
        failed = [category for category in self.policy.categories if category not in held]
        lines += [self.say("category_fails", category=category.name) for category in failed]
        return self.section("choice", lines)

    def _is_highest(self, picked: Category) -> bool:
        """Whether `picked` was chosen for its total, and not as the first that holds."""
        return picked.total_at_ceilings in needed(self.steps[picked.picked].parts[0])

    def _at_ceilings(self, category: Category) -> list[Line]:
        """What the category would give at the ceilings, and why an aid would be held back."""
        self.prefix = f"{category.name}·"
        lines: list[Line] = []
        parts = []
        for part in category.at_ceilings:
            lines += self.steps_to(*(aid.ceiling for aid in category.aids if aid.name == part.aid))
            lines += self._held_back(part)
            name = part.candidate if category.gives_one else part.amount
            amount = spoken(self.words, self.steps[name].value)
            parts.append(self.words["at_ceilings_part"].format(aid=part.aid, amount=amount))
        gates = self._gates(category.gates)
        if gates:
            lines.append(self.say("at_ceilings_gated", category=category.name, reason=gates))
            self.prefix = ""
            return lines
        gives_one = category.gives_one and len(parts) > 1
        key = "at_ceilings_one" if gives_one else "at_ceilings_sum"
        joined = self.words["comma" if gives_one else "plus"].join(parts)
        total = self.steps[category.total_at_ceilings].value
        unit = self.unit(category.total_at_ceilings)
        lines.append(self.say(key, category=category.name, parts=joined, total=spoken(self.words, total), unit=unit))
        self.prefix = ""
        return lines

    def _held_back(self, part: AtCeiling) -> list[Line]:
        if self.is_true(part.recheck) or self.steps[part.candidate].value == 0:
            return []
        lines = self.steps_to(part.recheck)
        return [*lines, self.say("aid_not_given", aid=part.aid, reason=self._recheck(part.recheck))]

    def _recheck(self, name: str) -> str:
        """Why the recheck `name` fails, with the category that no longer holds."""
        category = self.prefix.removesuffix("·")
        return self.words["reason_recheck"].format(category=category, reason=self.because(name))

    def _gates(self, gates: Sequence[tuple[str, str]]) -> str:
        """Why the first of `gates` that is not met is not; empty where all are."""
        found = next(((gate, rule) for gate, rule in gates if not self.is_true(rule)), None)
        return "" if found is None else self.words["reason_gate"].format(gate=found[0], reason=self.because(found[1]))

    def _not_picked(self, category: Category, picked: Category) -> Line:
        own, best = (self.steps[found.total_at_ceilings].value for found in (category, picked))
        assert isinstance(own, (int, Fraction)) and isinstance(best, (int, Fraction))
        names = {"category": category.name, "picked": picked.name}
        if not self._is_highest(picked):
            return self.say("category_not_deepest", **names)
        if own == best:
            return self.say("category_tied", **names)
        unit = self.unit(picked.total_at_ceilings)
        total, highest = spoken(self.words, own), spoken(self.words, best)
        return self.say("category_not_picked", **names, total=total, highest=highest, unit=unit)

    def aids(self) -> Section:
        """Each aid of the category chosen: its range, its amount, or why it is not given."""
        picked = self.picked()
        if picked is None:
            lines = [self.say("none_picked"), *(self._not_of(category, None) for category in self.policy.categories)]
            return self.section("aids", lines)
        self.prefix = f"{picked.name}·"
        lines = []
        for aid in picked.aids:
            lines += self.steps_to(aid.ceiling, aid.floor)
            floor, ceiling = (spoken(self.words, self.steps[end].value) for end in (aid.floor, aid.ceiling))
            lines.append(self.say("range", aid=aid.name, floor=floor, ceiling=ceiling, unit=self.unit(aid.ceiling)))
            if self.steps[aid.candidate].value != 0:
                lines += self.steps_to(aid.recheck)
            lines += self._aid(picked, aid)
        self.prefix = ""
        lines += [self._not_of(category, picked) for category in self.policy.categories if category is not picked]
        return self.section("aids", lines)

    def _not_of(self, category: Category, picked: Category | None) -> Line:
        """Why the aids of a category that was not chosen are not given."""
        aids = self.words["comma"].join(aid.name for aid in category.aids)
        if self.is_true(category.test) and picked is not None:
            reason = self.words["reason_other_category"].format(picked=picked.name)
        else:
            reason = self.words["reason_category_fails"].format(category=category.name)
        return self.say("aids_not_given", category=category.name, aids=aids, reason=reason)

    def _is_chosen(self, aid: Aid) -> bool:
        return bool(aid.chosen) and self.is_true(f"{aid.chosen}·{self.words['given']}")

    def _aid(self, category: Category, aid: Aid) -> list[Line]:
        if self.steps[aid.amount].value == 0:
            return [self.say("aid_not_given", aid=aid.name, reason=self._why_not(category, aid))]
        amount = spoken(self.words, self.steps[aid.amount].value)
        given = self.say("aid_given", aid=aid.name, amount=amount, unit=self.unit(aid.amount), by=self._by(aid))
        return [*self._rounded(aid), given]

    def _by(self, aid: Aid) -> str:
        """Who or what settled the amount: the officer's choice, brought into the range, or an end of the range."""
        low, high = self._value(aid.floor), self._value(aid.ceiling)
        if self._is_chosen(aid):
            chosen = self._value(aid.chosen)
            word = "by_choice_above" if chosen > high else "by_choice_below" if chosen < low else "by_choice"
            return self.words[word].format(chosen=number(self.words, chosen), unit=self.unit(aid.amount))
        if not aid.chosen:
            return self.words["by_rule"]
        return self.words["by_ceiling" if aid.ceiling in needed(self.steps[aid.candidate].parts[0]) else "by_floor"]

    def _value(self, name: str) -> Fraction:
        """The value of the number `name`."""
        value = self.steps[name].value
        assert isinstance(value, (int, Fraction))
        return Fraction(value)

    def _rounded(self, aid: Aid) -> list[Line]:
        """What rounding made of the amount, where it changed it, and how far it left the range by that."""
        step = self.steps[aid.candidate].parts[0]
        if step.operation not in ROUNDINGS or step.parts[0].value == step.value:
            return []
        words, unit = self.words, self.unit(aid.amount)
        amount, low, high = (self._value(name) for name in (aid.candidate, aid.floor, aid.ceiling))
        over = amount - high if amount > high else low - amount
        end = words["rounded_off_above" if amount > high else "rounded_off_below"] if over > 0 else ""
        line = self.say(
            "rounded",
            aid=aid.name,
            value=spoken(words, step.parts[0].value),
            rounding=words[step.operation],
            step=" ".join(dict.fromkeys((written(words, step.parts[1]), spoken(words, step.parts[1].value)))),
            amount=spoken(words, step.value),
            unit=unit,
        )
        return [Line(line.text + end.format(margin=number(words, over), unit=unit))]

    def _why_not(self, category: Category, aid: Aid) -> str:
        words = self.words
        held_back = self._gates((*category.gates, *aid.gates))
        if held_back:
            return held_back
        if self._is_chosen(aid) and self.steps[aid.chosen].value == 0:
            return words["reason_zero_chosen"].format(chosen=aid.chosen)
        if self.steps[aid.ceiling].value == 0:
            return words["reason_zero_ceiling"]
        if not self.is_true(aid.recheck):
            return self._recheck(aid.recheck)
        if not self.is_true(aid.picked):
            other = next((found.name for found in category.aids if found.picked and self.is_true(found.picked)), "")
            return words["reason_not_picked"].format(picked=other)
        return words["reason_nothing" if self.steps[aid.candidate].value == 0 else "reason_most"]

    def rules(self) -> Section:
        """The steps of a policy that has no categories, up to each of its outputs."""
        return self.section("rules", tuple(self.steps_to(*(output.name for output in self.policy.outputs))))

    def result(self, decision: Decision) -> Section:
        """The totals, the approval, the conclusion, the clauses and the notes."""
        words = self.words
        lines: list[Line] = []
        if self.policy.categories:
            lines += self._totals(decision)
        if decision.clauses:
            lines.append(self.say("clauses_line", clauses=words["comma"].join(decision.clauses)))
        if decision.notes:
            lines.append(self.say("notes_line"))
            lines += [Line(f"  {note}") for note in decision.notes]
        lines.append(self.say("policy_line", policy=decision.policy, fingerprint=decision.fingerprint))
        return self.section("result", lines)

    def _totals(self, decision: Decision) -> list[Line]:
        total = self.policy.output("total")
        unit = self.unit(total.name) if total else ""
        lines = [self.say("total_line", total=spoken(self.words, decision.total), unit=unit)]
        held = [(gate, self.because(rule)) for gate, rule in self.policy.gates if not self.is_true(rule)]
        if held and decision.category:
            keys = ("payable_held", *("gate_also" for _ in held[1:]))
            lines += [self.say(key, gate=gate, reason=reason) for key, (gate, reason) in zip(keys, held, strict=True)]
        else:
            lines.append(self.say("payable_line", payable=spoken(self.words, decision.payable), unit=unit))
        if decision.category:
            heading = self.words["approval"]
            levels = [
                rule.name
                for rule in self.policy.rules
                if rule.name.startswith(f"{heading}·") and rule.name.count("·") == 1
            ]
            lines += [line for name in levels for line in self._level(name)]
        none = "approval_none" if decision.category else "approval_no_category"
        lines.append(self.say("approval_line" if decision.approval else none, approval=decision.approval))
        lines.append(self.say("conclusion_line", conclusion=decision.conclusion))
        return lines

    def _level(self, name: str) -> Sequence[Line]:
        self.told.add(name)
        return [self.line(self.rules_by_name[name])]
