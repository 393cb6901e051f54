"""Talweg trains neural networks by gradient descent, many initialisations at once, and explains the way down.

Only the public names live here. Each is fetched from its room at first use, so that `import talweg` is quick.
"""

__version__ = "0.1.0"
