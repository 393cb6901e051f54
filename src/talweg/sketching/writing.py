"""Numbers, points and sentences as a person writes them, in Unicode and in LaTeX at once."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from talweg.objective.typed.notation import latex, latex_name, pretty, pretty_name
from talweg.objective.typed.tree import Tree, from_data, number

SIGNIFICANT = 6
_INFINITY = {math.inf: ("∞", r"\infty"), -math.inf: ("−∞", r"-\infty")}


@dataclasses.dataclass(frozen=True)
class Written:
    """A piece of mathematics in both notations.

    Attributes:
        text: in Unicode.
        latex: in LaTeX, without the dollar signs.
    """

    text: str
    latex: str

    def __add__(self, other: "Written | str") -> "Written":
        """The pieces one after the other; a plain string stands in both notations."""
        text, tex = (other, other) if isinstance(other, str) else (other.text, other.latex)
        return Written(self.text + text, self.latex + tex)


def tree(of: Tree) -> Written:
    """A tree in both notations."""
    return Written(pretty(of), latex(of))


def data(of: Any) -> Written | None:
    """Plain data of a tree in both notations; `None` for `None`."""
    return None if of is None else tree(from_data(of))


def value(of: float) -> Written:
    """A number, rounded to six significant digits.

    >>> value(-0.66874030).text
    '−0.66874'
    """
    if of in _INFINITY:
        return Written(*_INFINITY[of])
    return tree(number(float(f"{of:.{SIGNIFICANT}g}") + 0.0))


def names(of: Sequence[str]) -> Written:
    """Variables separated by commas."""
    return Written(", ".join(map(pretty_name, of)), ", ".join(map(latex_name, of)))


def row(parts: Sequence[Written]) -> Written:
    """A point or a vector; brackets only where it has more than one coordinate."""
    if len(parts) == 1:
        return parts[0]
    inside = ", ".join(part.text for part in parts), ", ".join(part.latex for part in parts)
    return Written(f"({inside[0]})", rf"\left({inside[1]}\right)")


def interval(lower: Written, upper: Written, left: str, right: str) -> Written:
    """An interval with its brackets."""
    return Written(left, left) + lower + ", " + upper + right


def relation(symbol: str) -> Written:
    """A sign between two sides, with its spaces."""
    latex_signs = {
        "=": "=",
        "≈": r"\approx",
        "≥": r"\ge",
        "→": r"\to",
        "∈": r"\in",
        "×": r"\times",
    }
    return Written(f" {symbol} ", f" {latex_signs[symbol]} ")


@dataclasses.dataclass(frozen=True)
class Sentence:
    """Words and mathematics in turn.

    Attributes:
        parts: strings are words, `Written` is mathematics.
    """

    parts: tuple[str | Written, ...]

    @classmethod
    def of(cls, *parts: str | Written) -> "Sentence":
        """A sentence of its parts."""
        return cls(parts)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.parts)

    @property
    def text(self) -> str:
        """The sentence in Unicode."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def latex(self) -> str:
        """The sentence in LaTeX, its mathematics between dollar signs."""
        return "".join(part if isinstance(part, str) else f"${part.latex}$" for part in self.parts)
