"""Persons of a household: which rules are read for each of them, and what is gathered over them.

A rule that reads what belongs to persons is read for each of them. `sum(x)`, `count(x)`, `any(x)`, `all(x)`, `min(x)`,
`max(x)`, `highest(x, if nobody)` and `lowest(x, if nobody)` gather: `x` becomes a rule of the group under a name of its
own, and the rule gathers that name. `count(group)` is the number of its persons. `rank(x)` is read for each person, and
needs `x` of all of them: that becomes a rule of the group too.
"""

from __future__ import annotations

import ast

from engine.elaborate.draft import Draft
from engine.expression import Expression, is_gathering, is_ranking, names_in, nodes_in, rewritten
from engine.messages import Message, say
from engine.policy import Rule
from engine.source import Problem

__all__ = ["Lifting"]


class Lifting:
    """Lifts the gatherings of one draft, and knows which names belong to which group. Rules come in their order."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.group_of = draft.personal_facts()

    def lift(self, rule: Rule) -> list[Rule]:
        """The rules of a group that `rule` gathers, then `rule` itself, gathering them by name."""
        lifted: list[Rule] = []
        expression = self._gathered(rule, rule.expression, lifted)
        groups = self._groups(expression.tree)
        if len(groups) > 1:
            wrong = say("The rule reads persons of several groups: {groups}.", groups=tuple(groups))
            self._refuse(expression, expression.tree, wrong)
        of = groups[0] if groups else ""
        if of:
            self.group_of[rule.name] = of
        return [*lifted, Rule(rule.name, expression, rule.saying, rule.unit, rule.is_written, rule.told, of)]

    def _gathered(self, rule: Rule, expression: Expression, lifted: list[Rule]) -> Expression:
        """`expression` with what it gathers over persons under names."""

        def replace(node: ast.expr) -> ast.expr | None:
            return self._call(rule, node, lifted) if _reads_all(node) else None

        is_needed = any(_reads_all(node) for node in nodes_in(expression.tree))
        return rewritten(expression, replace) if is_needed else expression

    def _call(self, rule: Rule, call: ast.expr, lifted: list[Rule]) -> ast.expr:
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        argument = call.args[0]
        leaf, text = rule.expression.leaf, rule.expression.text
        if call.func.id == "count" and isinstance(argument, ast.Name) and argument.id in self.draft.groups:
            body, groups = Expression(text, ast.Name("true", ast.Load()), leaf), [argument.id]
        else:
            body = self._gathered(rule, Expression(text, argument, leaf), lifted)
            groups = self._groups(body.tree)
        if len(groups) != 1:
            wrong = say("“{word}” gathers over persons, and what stands in it belongs to none.", word=call.func.id)
            if groups or not self._is_misspelt(argument):
                self._refuse(
                    rule.expression, call, wrong if not groups else say("Several groups are gathered at once.")
                )
            return ast.Constant(0)
        self._check_nobody(rule, call, groups[0])
        nobody = [self._gathered(rule, Expression(text, other, leaf), lifted).tree for other in call.args[1:]]
        return ast.Call(call.func, [self._named(rule, body, groups[0], lifted), *nobody], [])

    def _is_misspelt(self, tree: ast.expr) -> bool:
        """Whether a name in `tree` is nobody's: that is a problem of its own."""
        known = self.draft.of_household() | set(self.group_of)
        return any(name.id not in known for name in names_in(tree))

    def _check_nobody(self, rule: Rule, call: ast.Call, group: str) -> None:
        assert isinstance(call.func, ast.Name)
        if call.func.id in ("min", "max") and self.draft.groups[group].at_least < 1:
            word = {"min": "lowest", "max": "highest"}[call.func.id]
            wrong = say("“{group}” may be empty, and then there is no {word} value.", group=group, word=word)
            remedy = say(
                "Write {word}(…, 0) with what it comes to over nobody, or raise the group's at_least.", word=word
            )
            self.draft.problems.append(Problem(rule.expression.place_of(call), wrong, None, remedy))

    def _named(self, rule: Rule, body: Expression, group: str, lifted: list[Rule]) -> ast.Name:
        name = self.draft.name(rule.name, f"{self.draft.words['persons']}{len(lifted) + 1}")
        lifted.append(Rule(name, body, rule.saying, is_written=False, told="never", of=group))
        self.group_of[name] = group
        return ast.Name(name, ast.Load())

    def _groups(self, tree: ast.AST) -> list[str]:
        """The groups whose persons `tree` reads outside of what it gathers."""
        if isinstance(tree, ast.Name):
            return [self.group_of[tree.id]] if tree.id in self.group_of else []
        children = list(ast.iter_child_nodes(tree))
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            skipped = 1 if tree.func.id == "lookup" or is_gathering(tree) else 0
            children = list(tree.args[skipped:])
        return list(dict.fromkeys(group for child in children for group in self._groups(child)))

    def _refuse(self, expression: Expression, node: ast.AST, wrong: Message) -> None:
        remedy = say(
            "Gather what belongs to persons with sum, count, any, all, highest or lowest, one group at a time."
        )
        self.draft.problems.append(Problem(expression.place_of(node), wrong, None, remedy))


def _reads_all(node: ast.AST) -> bool:
    """Whether `node` is a call that reads something of all persons of a group."""
    return isinstance(node, ast.Call) and (is_gathering(node) or is_ranking(node))
