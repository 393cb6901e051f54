"""Typed functions: from what a person wrote to a tree, and from there to JAX, SymPy and LaTeX. Never evaluated."""
