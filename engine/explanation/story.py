"""The story of a decision, section by section: the household, the categories, the choice, the aids, the result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from engine.algebras.exact import Value
from engine.algebras.trace import Step, Trace
from engine.decision import Decision
from engine.explanation.wording import number, numbers, spoken, written
from engine.fold import Reading, read_all
from engine.messages import plain
from engine.policy import Aid, AtCeiling, Category, Fact, Policy, Rule
from engine.tables.intake import Household
from engine.units import kinds_of

__all__ = ["Explanation", "Line", "Section", "step_line", "tell", "traced"]


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
    clause: str = ""
    quote: str = ""
    place: str = ""
    person: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the story: a title and its lines in order."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Explanation:
    """A decision with the story of how it came about; `trace` holds the exact value of every name that was needed.

    `persons` holds for each group the same of each of its persons.
    """

    decision: Decision
    sections: tuple[Section, ...]
    trace: tuple[tuple[str, str], ...]
    persons: tuple[tuple[str, tuple[tuple[tuple[str, str], ...], ...]], ...] = ()

    def text(self) -> str:
        """The story as lines of text."""
        lines: list[str] = []
        for section in self.sections:
            lines += [section.title, *(f"  {line.text}" for line in section.lines), ""]
        return "\n".join(lines).rstrip() + "\n"

    def json(self) -> str:
        """The story as JSON; numbers are exact texts (`12307.5`, `7241/9`)."""
        content = {
            "outputs": {heading: _plain(value) for heading, value in self.decision.outputs},
            "holds": list(self.decision.holds),
            "sections": [
                {"title": section.title, "lines": [_filled(line) for line in section.lines]}
                for section in self.sections
            ],
            "trace": dict(self.trace),
        }
        if self.persons:
            content["persons"] = {group: [dict(person) for person in people] for group, people in self.persons}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


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
    persons = tuple((group, tuple(map(_exact, people))) for group, people in reading.persons.items())
    return Explanation(decision, tuple(sections), _exact(reading.names), persons)


def _exact(steps: Mapping[str, Step]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(_plain(step.value))) for name, step in steps.items())


def step_line(policy: Policy, reading: Reading[Step], name: str) -> str:
    """The one step that gives the rule `name` its value, as the story tells it."""
    teller = _Teller(policy, reading)
    return teller.line(teller.rules_by_name[name]).text


def _needed(step: Step) -> Iterator[str]:
    """The names that `step` came from: of a choice only the branch that was taken."""
    if step.operation == "name":
        yield step.name
        return
    parts = step.parts
    if step.operation == "choose":
        parts = (parts[0], parts[1] if parts[0].value is True else parts[2])
    for part in parts:
        yield from _needed(part)


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
        self.prefix = ""

    # -- one step ------------------------------------------------------------------------------------------------------

    def say(self, key: str, **values: str) -> Line:
        """A sentence made of the words under `key`."""
        return Line(self.words[key].format(**values))

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
        at_ceilings = f"{self.prefix}{self.words['at_ceilings']}·"
        return text.replace(at_ceilings, "").replace(self.prefix, "") if self.prefix else text

    def line(self, rule: Rule, named: Step | None = None, person: str = "") -> Line:
        """The step of `rule`; of a rule of a group the step `named` of the `person`."""
        step = (named or self.steps[rule.name]).parts[0]
        as_written, as_numbers = self.short(written(self.words, step)), numbers(self.words, step)
        value, unit, margin = spoken(self.words, step.value), self.unit(rule.name), self.margin(step)
        says = " " + self.words["says"].format(clause=rule.saying.clause) if rule.saying.clause else ""
        name = f"{person}{self.words['colon']}{rule.name}" if person else self.short(rule.name)
        if isinstance(step.value, bool):
            truth = self.words["holds" if step.value else "fails"]
            shown = f"{as_written}{self.words['colon']}{as_numbers}" if margin else as_written
            text = f"{name}{self.words['colon']}{shown}{self.words['stop']}{truth}"
            text += f"{self.words['stop']}{margin}" if margin else ""
        else:
            middle = f" = {as_numbers}" if as_numbers not in (as_written, value) else ""
            text = f"{name} = {as_written}{middle}" + ("" if as_written == value else f" = {value}{unit}")
        return Line(
            text=text + says,
            name=rule.name,
            written=as_written,
            numbers=as_numbers,
            value=value,
            exact=str(_plain(step.value)),
            unit=unit.strip(),
            margin=margin,
            clause=rule.saying.clause,
            quote=rule.saying.quote or rule.saying.because,
            place=str(rule.place),
            person=person,
        )

    def margin(self, step: Step) -> str:
        """How far the two sides of the (last) comparison of numbers are apart; empty where there is none."""
        if step.operation in ("and", "or"):
            return next((found for part in reversed(step.parts) if (found := self.margin(part))), "")
        if step.operation == "not":
            return self.margin(step.parts[0])
        if step.operation not in ("<", "<=", ">", ">="):
            return ""
        left, right = step.parts[0].value, step.parts[1].value
        if not (isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))):
            return ""
        if left == right:
            return self.words["margin_none"]
        word = "margin_below" if left < right else "margin_above"
        return self.words[word].format(margin=number(self.words, abs(Fraction(left) - right)), unit=self._unit_in(step))

    def _unit_in(self, step: Step) -> str:
        """The unit of the first name with a unit on either side of a comparison."""
        return next((unit for part in step.parts for name in _needed(part) if (unit := self.unit(name))), "")

    def steps_to(self, *names: str) -> list[Line]:
        """The steps of `names` and of everything that they came from, those not told before."""
        found: list[Line] = []

        def visit(name: str) -> None:
            rule = self.rules_by_name.get(name)
            if rule is None or name in self.told:
                return
            self.told.add(name)
            for person, step in self._read(rule):
                needed = list(_needed(step.parts[0]))
                for other in needed:
                    visit(other)
                first = self.steps.get(needed[0]) if needed else None
                changed = first is None or first.value != step.value
                if rule.told == "always" or (rule.told == "changed" and changed) or self._is_worked_out(rule, step):
                    found.append(self.line(rule, step, person))

        for name in names:
            if name:
                visit(name)
        return found

    def _read(self, rule: Rule) -> list[tuple[str, Step]]:
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
        lines = [line for fact in self.policy.facts for line in self._fact(fact, self.steps)]
        for group in self.policy.groups:
            for at, person in enumerate(self.persons[group.name], 1):
                facts = self.words["comma"].join(line.text for fact in group.facts for line in self._fact(fact, person))
                who = self._who(group.name, at)
                lines.append(Line(f"{who}{self.words['colon']}{facts}", person=who))
        return Section(self.words["section_household"], tuple(lines))

    def _fact(self, fact: Fact, steps: Mapping[str, Step]) -> list[Line]:
        known = steps.get(f"{fact.name}·{self.words['given']}")
        is_given = known is None or known.value is True
        if not is_given and (fact.absence is None or not (fact.absence.is_looked_up or fact.is_reference)):
            return []
        unit = f" {fact.unit.text}" if fact.unit.text else ""
        value = steps[fact.name].value
        text = value if isinstance(value, str) else spoken(self.words, value)
        return [self.say("fact_given" if is_given else "fact_taken", name=fact.name, value=text, unit=unit)]

    def categories(self) -> Section:
        """The test of each category, with the margin."""
        lines: list[Line] = []
        for category in self.policy.categories:
            lines += self.steps_to(category.test)
            lines.append(
                self.say("test_holds" if self.is_true(category.test) else "test_fails", category=category.name)
            )
        return Section(self.words["section_categories"], tuple(lines))

    def picked(self) -> Category | None:
        """The category chosen."""
        return next((found for found in self.policy.categories if self.is_true(found.picked)), None)

    def choice(self) -> Section:
        """Which of the categories that hold is chosen, and why not the others."""
        words, picked = self.words, self.picked()
        if picked is None:
            return Section(words["section_choice"], (self.say("none_picked"),))
        held = [category for category in self.policy.categories if self.is_true(category.test)]
        lines: list[Line] = []
        if len(held) > 1:
            for category in held:
                lines += self._at_ceilings(category)
        lines.append(self.say("category_picked", category=picked.name))
        lines += [self._not_picked(category, picked) for category in held if category is not picked]
        return Section(words["section_choice"], tuple(lines))

    def _at_ceilings(self, category: Category) -> list[Line]:
        """What the category would give at the ceilings, and why an aid would be held back."""
        self.prefix = f"{category.name}·"
        lines: list[Line] = []
        parts = []
        for part in category.at_ceilings:
            lines += self.steps_to(*(aid.ceiling for aid in category.aids if aid.name == part.aid))
            lines += self._held_back(part)
            name = part.candidate if category.gives_one else part.amount
            parts.append(part.aid + spoken(self.words, self.steps[name].value))
        for gate, rule in category.gates:
            if not self.is_true(rule):
                lines += [*self.steps_to(rule), Line(self.words["reason_gate"].format(gate=gate))]
        key = "at_ceilings_one" if category.gives_one else "at_ceilings_sum"
        joined = self.words["comma"].join(parts) if category.gives_one else " + ".join(parts)
        total = self.steps[category.total_at_ceilings].value
        unit = self.unit(category.total_at_ceilings)
        lines.append(self.say(key, category=category.name, parts=joined, total=spoken(self.words, total), unit=unit))
        self.prefix = ""
        return lines

    def _held_back(self, part: AtCeiling) -> list[Line]:
        if self.is_true(part.recheck) or self.steps[part.candidate].value == 0:
            return []
        lines = self.steps_to(part.recheck)
        margin = self.margin(self.steps[part.recheck].parts[0])
        reason = self.words["reason_recheck"].format(margin=margin)
        return [*lines, self.say("aid_not_given", aid=part.aid, reason=reason)]

    def _not_picked(self, category: Category, picked: Category) -> Line:
        own, best = (self.steps[found.total_at_ceilings].value for found in (category, picked))
        assert isinstance(own, (int, Fraction)) and isinstance(best, (int, Fraction))
        names = {"category": category.name, "picked": picked.name}
        if own == best:
            return self.say("category_tied", **names)
        if own > best:
            return self.say("category_not_deepest", **names)
        unit = self.unit(picked.total_at_ceilings)
        total, highest = spoken(self.words, own), spoken(self.words, best)
        return self.say("category_not_picked", **names, total=total, highest=highest, unit=unit)

    def aids(self) -> Section:
        """Each aid of the category chosen: its range, its amount, or why it is not given."""
        picked = self.picked()
        if picked is None:
            return Section(self.words["section_aids"], (self.say("none_picked"),))
        self.prefix = f"{picked.name}·"
        lines: list[Line] = []
        for aid in picked.aids:
            lines += self.steps_to(aid.ceiling, aid.floor)
            floor, ceiling = (spoken(self.words, self.steps[end].value) for end in (aid.floor, aid.ceiling))
            lines.append(self.say("range", aid=aid.name, floor=floor, ceiling=ceiling, unit=self.unit(aid.ceiling)))
            if self.steps[aid.candidate].value != 0:
                lines += self.steps_to(aid.recheck)
            lines += self._aid(picked, aid)
        self.prefix = ""
        return Section(self.words["section_aids"], tuple(lines))

    def _is_chosen(self, aid: Aid) -> bool:
        return bool(aid.chosen) and self.is_true(f"{aid.chosen}·{self.words['given']}")

    def _aid(self, category: Category, aid: Aid) -> list[Line]:
        if self.steps[aid.amount].value != 0:
            by = self.words["by_choice" if self._is_chosen(aid) else "by_default"]
            amount = spoken(self.words, self.steps[aid.amount].value)
            return [self.say("aid_given", aid=aid.name, amount=amount, unit=self.unit(aid.amount), by=by)]
        return [self.say("aid_not_given", aid=aid.name, reason=self._why_not(category, aid))]

    def _why_not(self, category: Category, aid: Aid) -> str:
        words = self.words
        for gate, rule in category.gates:
            if not self.is_true(rule):
                return words["reason_gate"].format(gate=gate) + words["brackets"].format(text=self._compared(rule))
        if aid.gate and not self.is_true(aid.gate):
            return words["reason_gate"].format(gate=self._compared(aid.gate))
        if self._is_chosen(aid) and self.steps[aid.chosen].value == 0:
            return words["reason_zero_chosen"].format(chosen=aid.chosen)
        if self.steps[aid.ceiling].value == 0:
            return words["reason_zero_ceiling"]
        if not self.is_true(aid.recheck):
            return words["reason_recheck"].format(margin=self.margin(self.steps[aid.recheck].parts[0]))
        if not self.is_true(aid.picked):
            other = next((found.name for found in category.aids if found.picked and self.is_true(found.picked)), "")
            return words["reason_not_picked"].format(picked=other)
        return words["reason_nothing"]

    def _compared(self, name: str) -> str:
        """The truth `name` as written, with its numbers."""
        step = self.steps[name].parts[0]
        return f"{self.short(written(self.words, step))}{self.words['colon']}{numbers(self.words, step)}"

    def rules(self) -> Section:
        """The steps of a policy that has no categories, up to each of its outputs."""
        return Section(
            self.words["section_rules"], tuple(self.steps_to(*(output.name for output in self.policy.outputs)))
        )

    def result(self, decision: Decision) -> Section:
        """The totals, the approval, the conclusion, the clauses and the notes."""
        words = self.words
        lines: list[Line] = []
        if self.policy.categories:
            lines += self._totals(decision)
        lines.append(self.say("clauses_line", clauses=words["comma"].join(decision.clauses)))
        if decision.notes:
            lines.append(self.say("notes_line"))
            lines += [Line(f"  {note}") for note in decision.notes]
        lines.append(self.say("policy_line", policy=decision.policy, fingerprint=decision.fingerprint))
        return Section(words["section_result"], tuple(lines))

    def _totals(self, decision: Decision) -> list[Line]:
        total = self.policy.output("total")
        unit = self.unit(total.name) if total else ""
        lines = [self.say("total_line", total=spoken(self.words, decision.total), unit=unit)]
        held = next((gate for gate, rule in self.policy.gates if not self.is_true(rule)), None)
        if held is not None and decision.category:
            lines.append(self.say("payable_held", gate=held))
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
        lines.append(self.say("approval_line" if decision.approval else "approval_none", approval=decision.approval))
        lines.append(self.say("conclusion_line", conclusion=decision.conclusion))
        return lines

    def _level(self, name: str) -> Sequence[Line]:
        self.told.add(name)
        return [self.line(self.rules_by_name[name])]
