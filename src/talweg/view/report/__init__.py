"""The report of a run: one page that explains the training from its own numbers, as HTML, Markdown and JSON.

Everything comes from the run folder; nothing is computed that the run did not leave there.
"""
