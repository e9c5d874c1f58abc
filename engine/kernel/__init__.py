"""A policy compiled once for columns: core facts in, what it decides out, for as many households as there are.

    a Policy -> algebras.columns (terms over whole numbers) -> writing (steps) -> a Kernel
    frames of core facts -> a Kernel, block by block -> a frame of decisions

    facts         what stands in a frame, and households as frames of it
    frames        frames checked, cut into blocks, and shown as texts
    sums          what several sums have in common
    writing       terms written out as steps
    series        what each operation is over polars series
    program       the steps, and how they run
    numbering     distinct combinations numbered as they are met
    remarks       clauses and notes put into words
    compiling     a policy pruned to what is wanted, read in columns, and written out
    deciding      the kernel itself

What stands in a frame is exact: truths, texts, days, and numbers as whole numbers of `1/scale` (`Typed` says which).
"""

from engine.kernel.compiling import compile
from engine.kernel.deciding import Kernel
from engine.kernel.facts import Typed, facts_frame, fits, persons_frames, stored
from engine.kernel.program import ROW

__all__ = ["ROW", "Kernel", "Typed", "compile", "facts_frame", "fits", "persons_frames", "stored"]
