"""A tree as a person writes it: in Unicode (`2x² + 4x`) and in LaTeX. Nothing is computed or rearranged."""

import abc
import dataclasses
import itertools
import re

from talweg.objective.typed.tree import Apply, Constant, Number, Tree, Variable

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOW_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LETTERS = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ρ": "rho",
    "σ": "sigma",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "Γ": "Gamma",
    "Δ": "Delta",
    "Θ": "Theta",
    "Λ": "Lambda",
    "Ξ": "Xi",
    "Σ": "Sigma",
    "Φ": "Phi",
    "Ψ": "Psi",
    "Ω": "Omega",
}
_LATEX_FUNCTIONS = {
    **{name: rf"\{name}" for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh")},
    **{name: rf"\{name}" for name in ("log", "exp", "min", "max")},
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "log2": r"\log_{2}",
    "log10": r"\log_{10}",
}


@dataclasses.dataclass(frozen=True)
class _Piece:
    """A written part, and how tightly it holds together."""

    text: str
    binds: int


def pretty(tree: Tree) -> str:
    """A tree in Unicode, as one would write it on a blackboard; the grammar reads it back.

    >>> from talweg.objective.typed.grammar import parse
    >>> pretty(parse("2*x**2 - 4*x*y"))
    '2x² − 4xy'
    """
    return _UNICODE.write(tree).text


def latex(tree: Tree) -> str:
    r"""A tree in LaTeX, without the dollar signs.

    >>> from talweg.objective.typed.grammar import parse
    >>> latex(parse("sqrt(x)/2"))
    '\\frac{\\sqrt{x}}{2}'
    """
    return _LATEX.write(tree).text


def pretty_name(name: str) -> str:
    """A variable's name with its index below: `x1` is x₁."""
    stem, digits = _split(name)
    return stem + digits.translate(_LOW_DIGITS)


def latex_name(name: str) -> str:
    r"""A variable's name in LaTeX: `x1` is x_{1}, `theta` is \theta, `width` is upright."""
    stem, digits = _split(name)
    if stem in _LETTERS or stem in _LETTERS.values():
        stem = "\\" + _LETTERS.get(stem, stem)
    elif len(stem) > 1:
        stem = r"\mathrm{" + stem.replace("_", r"\_") + "}"
    return stem + (f"_{{{digits}}}" if digits else "")


def _split(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?[^0-9])([0-9]*)", name)
    return (found[1], found[2]) if found else (name, "")


def plain_number(text: str) -> tuple[str, int]:
    """A number as digits and a power of ten, which is 0 wherever the digits can be written out.

    >>> plain_number("1e-3"), plain_number("2.5e40")
    (('0.001', 0), ('2.5', 40))
    """
    mantissa, _, exponent = text.lower().partition("e")
    power = int(exponent or 0)
    if not power or abs(power) > 6:
        return mantissa, power
    whole, _, decimals = mantissa.partition(".")
    digits, point = whole + decimals, len(whole) + power
    digits = digits.rjust(len(digits) + max(0, 1 - point), "0").ljust(point, "0")
    point = max(point, 1)
    tail = digits[point:].rstrip("0")
    return (digits[:point].lstrip("0") or "0") + (f".{tail}" if tail else ""), 0


class _Style(abc.ABC):
    """How trees are written: the rules of brackets and signs, which both notations share."""

    minus: str
    brackets: tuple[str, str]
    symbols: dict[str, str]

    @abc.abstractmethod
    def name(self, name: str) -> str: ...
    @abc.abstractmethod
    def power_of_ten(self, digits: str, power: int) -> str: ...
    @abc.abstractmethod
    def product(self, factors: list[_Piece]) -> _Piece: ...
    @abc.abstractmethod
    def quotient(self, above: _Piece, below: _Piece) -> _Piece: ...
    @abc.abstractmethod
    def power(self, base: str, exponent: Tree) -> _Piece: ...
    @abc.abstractmethod
    def call(self, name: str, args: list[str]) -> _Piece: ...

    def write(self, tree: Tree) -> _Piece:
        if isinstance(tree, Number):
            digits, power = plain_number(tree.text)
            return _Piece(self.power_of_ten(digits, power), _PRODUCT) if power else _Piece(digits, _ATOM)
        if isinstance(tree, Constant):
            return _Piece(self.symbols[tree.name], _ATOM)
        if isinstance(tree, Variable):
            return _Piece(self.name(tree.name), _ATOM)
        if tree.head == "neg":
            return _Piece(self.minus + self.within(self.unsigned(tree.args[0]), _PRODUCT), _PRODUCT)
        if tree.head == "+":
            return self.sum(tree.args)
        if tree.head == "*":
            return self.product([self.write(tree.args[0]), *map(self.unsigned, tree.args[1:])])
        if tree.head == "/":
            return self.quotient(*map(self.write, tree.args))
        if tree.head == "^":
            return self.power(self.within(self.write(tree.args[0]), _ATOM), tree.args[1])
        return self.call(tree.head, [self.write(arg).text for arg in tree.args])

    def within(self, piece: _Piece, least: int) -> str:
        """A part in brackets, unless it holds together tightly enough."""
        return piece.text if piece.binds >= least else self.bracketed(piece).text

    def bracketed(self, piece: _Piece) -> _Piece:
        return _Piece(self.brackets[0] + piece.text + self.brackets[1], _ATOM)

    def unsigned(self, tree: Tree) -> _Piece:
        """A part that stands behind an operator: in brackets where it begins with a minus of its own."""
        piece = self.write(tree)
        signed = piece.text.startswith(self.minus) and piece.binds > _SUM
        return self.bracketed(piece) if signed else piece

    def sum(self, args: tuple[Tree, ...]) -> _Piece:
        """A sum; a term that begins with a minus is subtracted."""
        text = self.within(self.write(args[0]), _PRODUCT)
        for arg in args[1:]:
            term = self.within(self.write(arg), _PRODUCT)
            signed = term.startswith(self.minus)
            text += f" {self.minus} {term[len(self.minus) :]}" if signed else f" + {term}"
        return _Piece(text, _SUM)


class _Unicode(_Style):
    """As in a terminal or on a blackboard; the grammar reads it back."""

    minus = "−"
    brackets = ("(", ")")
    symbols = {"pi": "π", "tau": "τ", "e": "e"}  # noqa: RUF012 (never changed)

    def name(self, name: str) -> str:
        return pretty_name(name)

    def power_of_ten(self, digits: str, power: int) -> str:
        return f"{digits}·10{str(power).translate(_DIGITS)}"

    def product(self, factors: list[_Piece]) -> _Piece:
        texts = [
            self.within(factors[0], _PRODUCT),
            *(self.within(factor, _PRODUCT) for factor in factors[1:]),
        ]
        texts = [f"({text})" if "/" in text and self.is_quotient(text) else text for text in texts]
        text = texts[0]
        for left, right in itertools.pairwise(texts):
            text += right if _side_by_side(left, right) else "·" + right
        return _Piece(text, _PRODUCT)

    @staticmethod
    def is_quotient(text: str) -> bool:
        """Whether a slash stands outside all brackets."""
        level = 0
        for character in text:
            level += (character == "(") - (character == ")")
            if character == "/" and level == 0:
                return True
        return False

    def quotient(self, above: _Piece, below: _Piece) -> _Piece:
        return _Piece(f"{self.within(above, _PRODUCT)}/{self.within(below, _POWER)}", _PRODUCT)

    def power(self, base: str, exponent: Tree) -> _Piece:
        minus = isinstance(exponent, Apply) and exponent.head == "neg"
        digits = exponent.args[0] if isinstance(exponent, Apply) and minus else exponent
        if isinstance(digits, Number) and digits.text.isdigit():
            return _Piece(base + ("-" * minus + digits.text).translate(_DIGITS), _POWER)
        return _Piece(f"{base}^{self.within(self.write(exponent), _ATOM)}", _POWER)

    def call(self, name: str, args: list[str]) -> _Piece:
        if name == "abs" and "|" not in args[0]:
            return _Piece(f"|{args[0]}|", _ATOM)
        return _Piece(f"{name}({', '.join(args)})", _ATOM)


_NUMERAL = re.compile(r"−?[0-9.]+")
_SINGLE = re.compile(r"−?[xyzπ][⁰¹²³⁴⁵⁶⁷⁸⁹]*")


def _side_by_side(left: str, right: str) -> bool:
    """Whether two factors without a dot between them read as a product, to a person and to the grammar."""
    after_number = _NUMERAL.fullmatch(left) is not None
    after_single = _SINGLE.fullmatch(left) is not None
    if right[0] == "(":
        return after_number or after_single or left.startswith("(")
    if _SINGLE.fullmatch(right):
        return after_number or after_single or left.startswith("(")
    return after_number and right[0].isalpha()


class _Latex(_Style):
    """As LaTeX sets it in mathematics."""

    minus = "-"
    brackets = (r"\left(", r"\right)")
    symbols = {"pi": r"\pi", "tau": r"\tau", "e": "e"}  # noqa: RUF012 (never changed)

    def name(self, name: str) -> str:
        return latex_name(name)

    def power_of_ten(self, digits: str, power: int) -> str:
        return rf"{digits} \cdot 10^{{{power}}}"

    def product(self, factors: list[_Piece]) -> _Piece:
        texts = [self.within(factor, _PRODUCT) for factor in factors]
        text = texts[0]
        for right in texts[1:]:
            text += (r" \cdot " if right[0].isdigit() or right.startswith(r"\frac") else " ") + right
        return _Piece(text, _PRODUCT)

    def quotient(self, above: _Piece, below: _Piece) -> _Piece:
        sign = "-" if above.text.startswith("-") and above.binds > _SUM else ""
        return _Piece(rf"{sign}\frac{{{above.text[len(sign) :]}}}{{{below.text}}}", _PRODUCT)

    def power(self, base: str, exponent: Tree) -> _Piece:
        return _Piece(f"{base}^{{{self.write(exponent).text}}}", _POWER)

    def call(self, name: str, args: list[str]) -> _Piece:
        written = ", ".join(args)
        around = {
            "sqrt": (r"\sqrt{", "}"),
            "cbrt": (r"\sqrt[3]{", "}"),
            "abs": (r"\left|", r"\right|"),
            "floor": (r"\lfloor ", r" \rfloor"),
            "ceil": (r"\lceil ", r" \rceil"),
        }
        if name in around:
            return _Piece(around[name][0] + written + around[name][1], _ATOM)
        head = _LATEX_FUNCTIONS.get(name, rf"\operatorname{{{name}}}")
        return _Piece(rf"{head}\left({written}\right)", _ATOM)


_UNICODE = _Unicode()
_LATEX = _Latex()
