"""How much bite the worked cases of a policy have: the policy with one thing edited, and whether a case sees it.

    edits        every edit of one thing in a policy as the officer wrote it
    expressions  an expression with one thing changed
    trials       an edit tried: written out, checked, its cases run
    sameness     edits that are shown to change nothing
    search       a household that two policies decide otherwise
    pasting      that household as a worked case
    report       what came of every edit, as text and JSON

Whoever wants only `trials` needs no extra; a search decides many households at once, and needs `batch`.
"""

from engine.mutation.report import Mutant, Mutation, mutate

__all__ = ["Mutant", "Mutation", "mutate"]
