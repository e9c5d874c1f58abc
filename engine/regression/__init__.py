"""What a year was decided to be, kept: a baseline beside the policy, and what has moved since.

baseline    the files of a baseline: the policy as it was, cases, households, decisions
deciding    households decided as texts, by columns or row by row
recording   a baseline written
moving      every recorded household decided again, and what moved
"""

from engine.regression.baseline import baseline_paths, read_baseline, unfold
from engine.regression.moving import Move, Regression, not_recorded, regress
from engine.regression.recording import Recorded, record

__all__ = [
    "Move",
    "Recorded",
    "Regression",
    "baseline_paths",
    "not_recorded",
    "read_baseline",
    "record",
    "regress",
    "unfold",
]
