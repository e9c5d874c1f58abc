"""The value domains in which a policy's expressions are read; each module holds one `Algebra`."""
