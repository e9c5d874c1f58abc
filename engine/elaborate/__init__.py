"""What the words of a policy's YAML mean, written out as core rules: the only room that knows them.

`declarations` facts, figures, tables, units · `aids` the range of an aid · `stacking` several aids of a category ·
`choice` categories and columns · `gates` gates and approvals · `notes` clauses and notes · `questions` other readings ·
`order` the rules in the order in which they are read · `draft` a policy while it is being written out.
"""

from __future__ import annotations

import hashlib
import json

from engine.elaborate.choice import write_categories, write_choice, write_conclusion
from engine.elaborate.declarations import (
    date,
    declare_facts,
    declare_figures,
    declare_groups,
    declare_tables,
    declare_units,
)
from engine.elaborate.draft import Draft, saying_of, unknown_names
from engine.elaborate.gates import write_exclusions
from engine.elaborate.notes import write_clauses, write_fact_notes, write_notes, write_refusals
from engine.elaborate.order import in_order, keep_shallow
from engine.elaborate.outputs import write_outputs
from engine.elaborate.questions import overlaid, write_questions
from engine.elaborate.scales import write_scale
from engine.expression import Expression, parse
from engine.messages import languages_of_policies, say, words
from engine.policy import Policy
from engine.source import Branch, Leaf, Listing, Node, Problem, number

__all__ = ["elaborate", "fingerprint", "overlaid", "unknown_names"]


def elaborate(tree: Branch, folder: str, taken: tuple[str, ...] = ()) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy that the merged `tree` says, and every problem found in writing it out (then it must not be used).

    `taken` names the questions whose other reading is already laid over `tree`.
    """
    draft = _written(tree)
    write_clauses(draft, tree)
    write_fact_notes(draft)
    write_notes(draft, tree)
    questions = write_questions(draft, tree, taken, _written)
    rules = in_order(draft)
    force = tree.branch("in_force")
    since, until = date(draft, force.leaf("from")), date(draft, force.leaf("until"))

    def text(key: str) -> str:
        leaf = tree.leaf(key)
        return "" if leaf is None else leaf.text

    if since is None or until is None:
        return None, tuple(draft.problems)
    if since > until:
        draft.problems.append(_backwards(force))
    policy = Policy(
        title=text("title"),
        year=text("year"),
        issuer=text("issuer"),
        language=draft.words.language,
        since=since,
        until=until,
        facts=tuple(draft.facts.values()),
        groups=tuple(draft.groups.values()),
        figures=tuple(draft.figures.values()),
        tables=tuple(draft.tables.values()),
        rules=rules,
        outputs=tuple(draft.outputs),
        remarks=tuple(draft.remarks),
        refusals=tuple(draft.refusals),
        categories=tuple(draft.categories),
        gates=tuple(draft.gates),
        scales=tuple(draft.scales),
        questions=tuple(questions),
        taken=taken,
        fingerprint=fingerprint(tree),
        words=draft.words,
        folder=folder,
    )
    return policy, tuple(draft.problems)


def _backwards(force: Branch) -> Problem:
    leaf = force.leaf("until")
    place = force.place if leaf is None else leaf.place
    return Problem(place, say("The policy ends before it begins."), None, say("Exchange “from” and “until”."))


def _written(tree: Branch) -> Draft:
    """Everything that `tree` says but its notes and questions."""
    language = tree.leaf("language")
    known = languages_of_policies()
    draft = Draft(words(language.text if language and language.text in known else known[0]))
    declare_units(draft, tree)
    declare_figures(draft, tree)
    until = date(draft, tree.branch("in_force").leaf("until"))
    declare_tables(draft, tree, until)
    declare_groups(draft, tree)
    declare_facts(draft, tree)
    for entry in tree.branch("rules").entries.values():
        name = draft.declare(entry.key)
        if name is not None and isinstance(entry.value, Branch):
            if entry.value.get("bands") is not None or entry.value.get("marginal") is not None:
                write_scale(draft, name, entry.value, saying_of(entry.value))
            else:
                draft.adopt(name, entry.value.leaf("is"), saying_of(entry.value))
    keep_shallow(draft)
    write_exclusions(draft, tree)
    write_categories(draft, tree)
    write_choice(draft, tree)
    write_conclusion(draft, tree)
    write_outputs(draft, tree)
    write_refusals(draft, tree)
    return draft


_IN_ORDER = (
    "categories",
    "aids",
    "gates",
    "approvals",
    "facts",
    "exclusions",
    "notes",
    "refusals",
    "shares",
    "questions",
)
"""The mappings whose order is content: which category, aid, gate comes first, and which column."""


def fingerprint(tree: Node) -> str:
    """A hash of what the policy says: not of places, comments, layout, or the order of entries where it means nothing."""
    content = json.dumps(_content(tree, is_ordered=False), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _without_layout(leaf: Leaf) -> str:
    """An expression in its one layout, any other text with its blanks as one."""
    expression = parse(leaf)
    return expression.canonical if isinstance(expression, Expression) else " ".join(leaf.text.split())


def _content(node: Node, *, is_ordered: bool) -> object:
    if isinstance(node, Leaf):
        value = number(node.text)
        return str(value) if value is not None else _without_layout(node)
    if isinstance(node, Listing):
        return [_content(item, is_ordered=False) for item in node.items]
    names = list(node.entries) if is_ordered else sorted(node.entries)
    return [[name, _content(node.entries[name].value, is_ordered=name in _IN_ORDER)] for name in names]
