"""A user's data: reading, finding what its columns are, cleaning, choosing rows. No network is known here.

Files, in the order in which they act: `read` (a source becomes a `table`), `task` (what is to be predicted),
`split` (which rows train), `columns` (what each column is), `clean` (the `Preparation`, fitted on training
rows only) with its encoders in `encode`. Nothing is imported until it is used.
"""
