"""Categories and the choice among them; the conclusion, the approval and the columns of the result."""

from __future__ import annotations

from engine.elaborate.aids import Payment, write_aid
from engine.elaborate.draft import UNSAID, Draft, greatest, saying_of
from engine.elaborate.gates import eligible, write_approvals, write_gates
from engine.elaborate.stacking import read_stacking, stack
from engine.expression import ROUNDINGS
from engine.messages import say
from engine.policy import Aid, Category, Output, Saying
from engine.source import Branch, Leaf, Problem, normal

__all__ = ["heading", "payment_of", "write_categories", "write_choice", "write_conclusion"]


def heading(draft: Draft, tree: Branch, part: str) -> str:
    """The heading of the column that plays `part`: the policy's own, or the word of its language."""
    leaf = tree.branch("columns").leaf(part)
    name = None if leaf is None else draft.part(leaf)
    return draft.words[part] if name is None or leaf is None or _is_taken(draft, tree, part, leaf) else name


_COLUMNS = ("category", "conclusion", "total", "payable", "approval")


def _is_taken(draft: Draft, tree: Branch, part: str, leaf: Leaf) -> bool:
    """Whether the heading in `leaf` is that of another column, or the name of something else; then a problem is kept."""
    name, columns = normal(leaf.text), tree.branch("columns")
    others = {other: columns.leaf(other) for other in _COLUMNS if other != part}
    headings = {other: normal(found.text) if found else draft.words[other] for other, found in others.items()}
    same = [other for other, found in headings.items() if found == name]
    first = draft.places.get(name)
    if same and (others[same[0]] is None or _COLUMNS.index(same[0]) < _COLUMNS.index(part)):
        wrong = say("“{name}” heads two columns: {one} and {two}.", name=name, one=same[0], two=part)
        remedy = say("Give each column a heading of its own.")
        draft.problems.append(Problem(leaf.place, wrong, None, remedy))
        return True
    if first is not None:
        wrong = say("“{name}” heads a column, and is the name of something else.", name=name)
        declared = say("It is declared at {first}.", first=str(first))
        draft.problems.append(Problem(leaf.place, wrong, declared, say("Give one of the two another name.")))
    return first is not None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "").replace('"', "") + '"'


def write_categories(draft: Draft, tree: Branch) -> None:
    """Write each category's test, its aids with their ranges, and what would be given and is given."""
    payment = payment_of(draft, tree)
    for entry in tree.branch("categories").entries.values():
        name = draft.declare(entry.key)
        if name is not None and isinstance(entry.value, Branch):
            _write_category(draft, name, entry.key, entry.value, payment)


def payment_of(draft: Draft, tree: Branch) -> Payment:
    """How amounts become what can be paid: the rounding and its step that `payment` says; none where it says nothing."""
    branch = tree.branch("payment")
    rounding, step = branch.leaf("round"), branch.leaf("to")
    if rounding is None or step is None or f"round_{rounding.text}" not in ROUNDINGS:
        return Payment("", "")
    expression = draft.parsed(step)
    return Payment(f"round_{rounding.text}", expression.canonical if expression else "1")


def _write_category(draft: Draft, name: str, key: Leaf, branch: Branch, payment: Payment) -> None:
    words = draft.words
    saying = saying_of(branch)
    draft.places.pop(name, None)
    test = _write_test(draft, name, branch, saying, key)
    draft.places[name] = key.place
    gate, gates = eligible(draft, name, branch.branch("gates"), key)
    aids = [
        write_aid(draft, name, entry.key, entry.value, payment)
        for entry in branch.branch("aids").entries.values()
        if isinstance(entry.value, Branch) and draft.part(entry.key) is not None
    ]
    stacking = read_stacking(draft, branch, key, aids)
    result = stack(draft, name, test, gate, aids, stacking, payment)
    draft.categories.append(
        Category(
            name=name,
            test=test,
            picked=draft.name(name, words["picked"]),
            total_at_ceilings=result.total_at_ceilings,
            at_ceilings=result.at_ceilings,
            gives_one=stacking.gives_one,
            total=result.total,
            gates=gates,
            aids=tuple(
                Aid(
                    aid.name,
                    aid.floor,
                    aid.ceiling,
                    aid.candidate,
                    part.amount,
                    aid.gate,
                    part.recheck,
                    part.picked,
                    aid.chosen,
                    aid.saying,
                    aid.key.place,
                    aid.gates,
                )
                for aid, part in zip(aids, result.aids, strict=True)
            ),
            saying=saying,
            place=key.place,
        )
    )


def _write_test(draft: Draft, name: str, branch: Branch, saying: Saying, key: Leaf) -> str:
    """The truth that a household belongs to the category; where something excludes it, none does."""
    if not draft.exclusions:
        return draft.adopt(name, branch.leaf("when"), saying)
    condition = draft.adopt(draft.name(name, draft.words["condition"]), branch.leaf("when"), saying, is_written=False)
    excluded = " or ".join(rule for _, rule in draft.exclusions)
    return draft.write(name, f"{condition} and not ({excluded})", key, saying, told="always")


def write_choice(draft: Draft, tree: Branch) -> None:
    """Write which category is chosen, and from it each aid with its range, and the total."""
    if not draft.categories:
        return
    words, choose = draft.words, tree.branch("choose")
    by = choose.leaf("by")
    key = by or Leaf("", draft.categories[0].place)
    if by is None and len(draft.categories) > 1:
        wrong = say("The policy has several categories and does not say which of those that hold is chosen.")
        draft.problems.append(
            Problem(
                draft.categories[1].place,
                wrong,
                say("“choose” says it."),
                say("Add “choose:” with “by: highest” or “by: first”."),
            )
        )
    saying = saying_of(choose)
    totals = [f"({category.total_at_ceilings} if {category.test} else 0)" for category in draft.categories]
    highest = draft.write(draft.name(words["highest"], words["total"]), greatest([*totals, "0"]), key, saying)
    for index, category in enumerate(draft.categories):
        earlier = [before.picked for before in draft.categories[:index]]
        text = category.test
        if by is not None and by.text == "highest":
            text += f" and {category.total_at_ceilings} == {highest}"
        if earlier:
            text += f" and not ({' or '.join(earlier)})"
        draft.write(category.picked, text, key, saying)
    text = '""'
    for category in reversed(draft.categories):
        text = f"{_quoted(category.name)} if {category.picked} else ({text})"
    _put_out(draft, heading(draft, tree, "category"), "category", text, key, saying)
    _write_amounts(draft, tree, key)


def _put_out(draft: Draft, name: str, part: str, text: str, leaf: Leaf, saying: Saying = UNSAID) -> None:
    draft.write(name, text, leaf, saying)
    draft.outputs.append(Output(name, name, part))


def _write_amounts(draft: Draft, tree: Branch, key: Leaf) -> None:
    words = draft.words
    held: dict[str, list[tuple[Category, Aid]]] = {}
    for category in draft.categories:
        for aid in category.aids:
            held.setdefault(aid.name, []).append((category, aid))
    for name, pairs in held.items():
        text, low, high = "0", "0", "0"
        for category, aid in reversed(pairs):
            text, low, high = (
                f"{value} if {category.picked} else ({rest})"
                for value, rest in ((aid.amount, text), (aid.floor, low), (aid.ceiling, high))
            )
        leaf = Leaf(name, pairs[0][1].place)
        _put_out(draft, name, "aid", text, leaf, pairs[0][1].saying)
        _put_out(draft, name + words["floor"], "floor", low, leaf, pairs[0][1].saying)
        _put_out(draft, name + words["ceiling"], "ceiling", high, leaf, pairs[0][1].saying)
    _put_out(draft, heading(draft, tree, "total"), "total", " + ".join(held) or "0", key)


def write_conclusion(draft: Draft, tree: Branch) -> None:
    """Write the approval, the conclusion and what can be paid: the first gate that does not hold decides."""
    if not draft.categories:
        return
    words, key = draft.words, Leaf("", draft.categories[0].place)
    approvals = write_approvals(draft, tree.branch("approvals"))
    text = '""'
    for who, rule in approvals:
        text = f"{_quoted(who)} if {rule.name} else ({text})" if rule else text
    _put_out(draft, heading(draft, tree, "approval"), "approval", text, key)
    total, category = heading(draft, tree, "total"), heading(draft, tree, "category")
    ends = tree.branch("conclusions")
    none, left, pay = (
        leaf.text if (leaf := ends.leaf(word)) else "" for word in ("none_holds", "nothing_left", "payable")
    )
    none_text = _quoted(none)
    gates = write_gates(draft, "", tree.branch("gates"))
    draft.gates.extend(gates)
    _refuse_same_ends(draft, tree)
    for name, rule_name in reversed(draft.exclusions):
        none_text = f"{_quoted(name)} if {rule_name} else ({none_text})"
    text = f"{_quoted(left)} if {total} == 0 else {_quoted(pay)}"
    for name, rule_name in reversed(gates):
        text = f"{_quoted(name)} if not {rule_name} else ({text})"
    none_holds = draft.write(words["none_holds"], f'{category} == ""', key)
    _put_out(
        draft, heading(draft, tree, "conclusion"), "conclusion", f"({none_text}) if {none_holds} else ({text})", key
    )
    conditions = " and ".join(rule_name for _, rule_name in gates)
    payable = f"{total} if {conditions} else 0" if conditions else total
    _put_out(draft, heading(draft, tree, "payable"), "payable", payable, key)


def _refuse_same_ends(draft: Draft, tree: Branch) -> None:
    """Each conclusion says one thing: two ends of a decision that read alike could not be told apart."""
    seen: dict[str, Leaf] = {}
    named = [entry.key for part in ("exclusions", "gates") for entry in tree.branch(part).entries.values()]
    said = [entry.value for entry in tree.branch("conclusions").entries.values() if isinstance(entry.value, Leaf)]
    for leaf in (*named, *said):
        first = seen.setdefault(normal(leaf.text), leaf)
        if first is not leaf:
            wrong = say("The conclusion “{text}” says two things.", text=leaf.text)
            expected = say("It is also what stands at {first}.", first=str(first.place))
            draft.problems.append(Problem(leaf.place, wrong, expected, say("Write another conclusion here.")))
