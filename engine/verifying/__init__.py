"""A result made again from its manifest, and held against what stands: every byte, or every decision by value.

finding     the input and the policies that a manifest names
making      the result made again
comparing   two results row by row: what differs, what is one too many, what is missing
report      what was found, for people
"""

from engine.verifying.comparing import Difference
from engine.verifying.making import verify
from engine.verifying.report import Verification

__all__ = ["Difference", "Verification", "verify"]
