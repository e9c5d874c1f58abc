"""bangfu: a year's scheme of aid as data, decided exactly, explained, and run over households by the million.

A policy is an ordered list of named expressions; a decision is what those names come to for one household.

    policies/2023/*.yaml -> source -> schema -> elaborate -> checks -> a Policy
    a Policy + a household -> tables.intake -> fold in an algebra -> decision, explanation, batch

The rooms, each with one reason to exist:

    messages      the words that people read: problems and help (gettext), and the words of a policy's language
    slips         what the eye cannot see in YAML text, and what was probably meant where the parser gives up
    source        YAML text with places; Place, Problem, PolicyError
    expression    the expression language: allow-list, walker, the Algebra contract
    policy        the frozen model: Fact, Figure, Table, Rule, Policy
    schema        every word of a policy's files held against its JSON Schema
    elaborate     what the words of the YAML mean, written out as core rules (aids, stacking, choice, gates, questions)
    checks        a tuple of small checks
    quotes        the quoted words held against the operators and numbers beside them
    overlay       one tree laid over another: what a later year, or the other reading of a question, changes
    folders       the folders of policies, and what each extends
    loading       folder -> Policy: read, inherit, schema, elaborate, check; every problem, not the first
    cache         policies kept from one run to the next, as long as not a byte of them changes
    timeline      the versions of a policy by date, their gaps and overlaps
    scaffold      a new year that extends the year before
    agenda        what is still open in a year
    normal_form   one writing for all expressions of the same meaning under another layout
    differences   what two policies say differently, leaf by leaf
    reach         which outputs a difference can reach
    compare       what changed from one policy to another
    variants      a policy with what-ifs laid over it
    effects       what a change does to the households of a table
    pages         pages to hand on: HTML without a network, charts as SVG
    flat          the full copy of a policy that extends another
    fold          each rule in order, in the algebra handed to it
    algebras      exact (the meaning), trace (with a note of every step), kinds (units), interval (bounds), columns (whole numbers, for tables)
    terms         what columns calculates with: whole numbers over whole numbers, their bounds known
    proving       what is shown to hold for every household
    kernel        a policy compiled once for columns (extra `batch`)
    units         the kind and unit of every name of a policy
    decision      what one household gets: a view of the names
    explanation   a trace as text and JSON
    tables        households in, decisions out: one module a format; cells, forms, intake
    batch         a run over a table
    stream        the same by whole columns, block by block in little memory (extra `batch`)
    routing       which version of a policy decides a row
    by_date       the same, each row decided by the policy in force on its own day
    cases         worked cases
    mutation      edits of a policy that its worked cases should see (extra `batch`)
    coverage      what the worked cases reach of a policy, and what they do not
    page          a policy as a page to read beside the text
    template      the input sheet of a year
    population    households made up for a policy, many of them on its lines
    pytest_plugin  cases and recorded years as tests of pytest
    regression    a year recorded, and every decision that has moved since
    rows          one household out of a file
    manifest      what a result was made of
    verifying     a result made again from its manifest, and held against what stands

What is public is in `__all__`, and is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "ByDate": "by_date",
    "Case": "cases",
    "Change": "compare",
    "Comparison": "compare",
    "Coverage": "coverage",
    "Decision": "decision",
    "Explanation": "explanation",
    "HouseholdError": "tables.intake",
    "Households": "effects",
    "Impact": "effects",
    "Move": "regression",
    "Mutation": "mutation",
    "Place": "source",
    "Policy": "policy",
    "PolicyError": "source",
    "Problem": "source",
    "Record": "tables",
    "Recorded": "regression",
    "Regression": "regression",
    "Summary": "batch",
    "TableError": "tables",
    "Timeline": "timeline",
    "Variant": "variants",
    "Verification": "verifying",
    "catalogues": "messages",
    "check_questions": "loading",
    "choose_language": "messages",
    "cover": "coverage",
    "create_template": "template",
    "days_of": "timeline",
    "decide": "decision",
    "diff": "compare",
    "due": "agenda",
    "evaluate": "batch",
    "evaluate_batches": "stream.batches",
    "evaluate_by_date": "by_date",
    "examine": "loading",
    "explain": "explanation",
    "explain_row": "rows",
    "find_policies": "folders",
    "find_year": "folders",
    "flat_files": "flat",
    "impact": "effects",
    "is_policy": "folders",
    "language_of": "folders",
    "load": "loading",
    "load_cached": "cache",
    "mutate": "mutation",
    "new_year": "scaffold",
    "not_recorded": "regression",
    "page_of": "page",
    "read_cases": "cases",
    "read_timeline": "timeline",
    "read_variant": "variants",
    "record": "regression",
    "regress": "regression",
    "run_case": "cases",
    "run_cases": "cases",
    "say": "messages",
    "shown": "decision",
    "unique_values": "stream.batches",
    "verify": "verifying",
    "width": "source",
    "write_diff_page": "pages.changes",
    "write_flat": "flat",
    "write_impact_page": "pages.effects",
    "years": "folders",
}

__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(f"engine.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
