"""Pictures as a source: found in folders, tables and arrays, decoded, resized, and prepared for a network.

`find` says which files there are, `decode` makes pixels of one, `load` makes one array of all, `prepare` is fitted on
the training pictures; `photographs` and `noise` serve denoising, where pictures keep their own sizes.
"""
