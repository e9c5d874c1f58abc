"""Pages to hand on: one file of HTML each, with charts as SVG, that needs no network and no script and prints well.

    elements      HTML written so that no text can become markup
    charts        bars, readable at any width
    sheet         the page around it all, and its tables
    changes       the page of what changed in a policy
    effects       the page of what a change does to households

A page is in the language of the new policy.
"""
