"""A run through a kernel, block by block in little memory, with the same result as row by row.

    a CSV file -> scanning -> blocks (columns of texts; odd rows as records)
    blocks -> intake (reading, forms; odd rows by the intake of single rows) -> a kernel -> lines, writing, counting

    scanning    CSV by the block, told apart from what the strict reader must see
    blocks      the rows of a table by the block: as texts, where these come to the same
    reading     the cells of one fact, a whole column at once
    forms       texts of a form of which the same is known
    intake      rows brought in by whole columns
    keys        which values stand in several rows
    rosters     the persons of a table of their own, kept by the key of their household
    persons     the persons of the households of a block
    again       records read again, each by its number
    deciding    a block decided
    counting    what a block comes to, in the summary
    lines       decided rows as lines of a file
    writing     decided rows as Arrow tables and as single rows
    ordered     parts worked on in several threads
    running     the run
    shares      a table whose rows belong to several parts, and the blocks of each part
    together    several runs over one table, each over the rows of its part
    batches     Arrow record batches decided one by one

The intake of single rows stays the one definition of what a cell means: columns take only what is plain beyond doubt.
"""

from engine.stream.running import Pass, Streaming
from engine.stream.shares import parts_of
from engine.stream.together import Joined, Together

__all__ = ["Joined", "Pass", "Streaming", "Together", "parts_of"]
