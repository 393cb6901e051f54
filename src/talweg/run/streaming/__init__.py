"""Rows that lie on disk: prepared once, read ahead of the steps, evaluated and predicted block by block."""
