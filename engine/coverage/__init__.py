"""What the worked cases of a policy reach of it: rules, branches, bounds, clauses, questions; and what they do not.

pairs       an expression beside the steps of its trace
goals       what can be reached in an expression, and what one household reaches
unreachable goals that no household can reach
reaching    the cases traced, and what each reaches
report      the result as text and JSON
"""

from engine.coverage.reaching import cover
from engine.coverage.report import Coverage

__all__ = ["Coverage", "cover"]
