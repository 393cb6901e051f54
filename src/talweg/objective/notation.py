"""A tree as a person writes it: in Unicode (`2x² + 4x`) and in LaTeX. Nothing is computed or rearranged here."""

import dataclasses
import re

from talweg.objective.tree import CONSTANTS, FUNCTIONS, Apply, Constant, Number, Tree, Variable

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)
_DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOW_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SYMBOLS = {"pi": "π", "tau": "τ", "e": "e"}
_LATEX_SYMBOLS = {"pi": r"\pi", "tau": r"\tau", "e": "e"}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma upsilon phi chi psi omega"
).split()
_GREEK_LETTERS = dict(zip("αβγδεζηθικλμνξρσυφχψω", _GREEK, strict=True)) | {
    "ς": "varsigma",
    "π": "pi",
    "τ": "tau",
}
_LATEX_FUNCTIONS = {
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "sinh",
    "cosh",
    "tanh",
    "log",
    "exp",
    "min",
    "max",
}
_LATEX_NAMES = {
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

    >>> from talweg.objective.grammar import parse
    >>> pretty(parse("2*x**2 - 4*x*y"))
    '2x² − 4xy'
    """
    return _unicode(tree).text


def latex(tree: Tree) -> str:
    r"""A tree in LaTeX, without the dollar signs.

    >>> from talweg.objective.grammar import parse
    >>> latex(parse("sqrt(x)/2"))
    '\\frac{\\sqrt{x}}{2}'
    """
    return _latex(tree).text


def pretty_name(name: str) -> str:
    """A variable's name with its index below: `x1` is x₁."""
    stem, digits = _split(name)
    return stem + digits.translate(_LOW_DIGITS)


def latex_name(name: str) -> str:
    r"""A variable's name in LaTeX: `x1` is x_{1}, `theta` is \theta, `width` is upright."""
    stem, digits = _split(name)
    if stem in _GREEK_LETTERS or stem in _GREEK:
        stem = "\\" + _GREEK_LETTERS.get(stem, stem)
    elif len(stem) > 1:
        stem = r"\mathrm{" + stem.replace("_", r"\_") + "}"
    return stem + (f"_{{{digits}}}" if digits else "")


def _split(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?[^0-9])([0-9]*)", name)
    return (found[1], found[2]) if found else (name, "")


def _within(piece: _Piece, least: int, brackets: tuple[str, str] = ("(", ")")) -> str:
    return piece.text if piece.binds >= least else brackets[0] + piece.text + brackets[1]


def _minus(tree: Tree) -> Tree | None:
    """What stands behind a leading minus; `None` where there is none."""
    if isinstance(tree, Apply) and tree.head == "neg":
        return tree.args[0]
    return None


def _terms(args: tuple[Tree, ...], pieces: list[_Piece], brackets: tuple[str, str], minus: str) -> _Piece:
    """A sum: a term with a minus is subtracted."""
    text = _within(pieces[0], _PRODUCT, brackets)
    for arg, piece in zip(args[1:], pieces[1:], strict=True):
        sign = minus if _minus(arg) is not None else "+"
        text += f" {sign} {_within(piece, _PRODUCT, brackets)}"
    return _Piece(text, _SUM)


def _unicode(tree: Tree) -> _Piece:
    if isinstance(tree, Number):
        return _unicode_number(tree.text)
    if isinstance(tree, Constant):
        return _Piece(_SYMBOLS[tree.name], _ATOM)
    if isinstance(tree, Variable):
        return _Piece(pretty_name(tree.name), _ATOM)
    if tree.head == "neg":
        inner = _unicode(tree.args[0])
        return _Piece("−" + _within(inner, _PRODUCT), _SIGN if inner.binds >= _POWER else _PRODUCT)
    if tree.head == "+":
        first = _unicode(tree.args[0])
        rest = [_unicode(inner if (inner := _minus(arg)) is not None else arg) for arg in tree.args[1:]]
        rest = [_bracket_sign(piece) for piece in rest]
        return _terms(tree.args, [first, *rest], ("(", ")"), "−")
    if tree.head == "*":
        return _unicode_product(tree.args)
    if tree.head == "/":
        above, below = map(_unicode, tree.args)
        return _Piece(f"{_within(above, _PRODUCT)}/{_within(below, _POWER)}", _PRODUCT)
    if tree.head == "^":
        return _unicode_power(*tree.args)
    if tree.head == "abs":
        return _Piece(f"|{_unicode(tree.args[0]).text}|", _ATOM)
    return _Piece(f"{tree.head}({', '.join(_unicode(arg).text for arg in tree.args)})", _ATOM)


def _bracket_sign(piece: _Piece) -> _Piece:
    """A term that begins with a minus of its own stands in brackets behind a sign."""
    return _Piece(f"({piece.text})", _ATOM) if piece.text.startswith(("−", "-")) else piece


def _unicode_number(text: str) -> _Piece:
    mantissa, e, exponent = text.lower().partition("e")
    if not e:
        return _Piece(text, _ATOM)
    return _Piece(f"{mantissa}·10{str(int(exponent)).translate(_DIGITS)}", _PRODUCT)


def _unicode_product(args: tuple[Tree, ...]) -> _Piece:
    """Factors side by side where that reads as a product, else with a dot between them."""
    texts = [
        _within(_bracket_sign(_unicode(arg)) if index else _unicode(arg), _SIGN)
        for index, arg in enumerate(args)
    ]
    if any(
        "/" in text and isinstance(arg, Apply) and arg.head == "/"
        for text, arg in zip(texts, args, strict=True)
    ):
        texts = [
            f"({t})" if isinstance(a, Apply) and a.head == "/" else t
            for t, a in zip(texts, args, strict=True)
        ]
    text = texts[0]
    for left, right in zip(texts, texts[1:], strict=False):
        text += right if _side_by_side(left, right) else "·" + right
    return _Piece(text, _PRODUCT)


def _side_by_side(left: str, right: str) -> bool:
    """Whether two factors without a sign between them still read as a product, to a person and to the grammar."""
    if not right[0].isalpha() and right[0] != "(":
        return False
    number = re.fullmatch(r"−?[0-9.]+", left) is not None
    if re.match(r"[A-Za-z]{2,}|[fgh]\(", right) is not None and "(" in right and right[0] != "(":
        return number
    if right[0] == "(":
        return number or left.endswith(")") or left[-1] in "⁰¹²³⁴⁵⁶⁷⁸⁹" or left in ("x", "y", "z")
    letters = re.fullmatch(r"(?:[xyzπ][⁰¹²³⁴⁵⁶⁷⁸⁹]*)", right) is not None
    plain = re.fullmatch(r"[xyzπ][⁰¹²³⁴⁵⁶⁷⁸⁹]*", left) is not None or left.endswith(")")
    return number or (letters and plain)


def _unicode_power(base: Tree, exponent: Tree) -> _Piece:
    below = _within(_unicode(base), _ATOM)
    inside = _minus(exponent)
    plain = exponent if inside is None else inside
    if isinstance(plain, Number) and plain.text.isdigit():
        digits = plain.text if inside is None else "-" + plain.text
        return _Piece(below + digits.translate(_DIGITS), _POWER)
    return _Piece(f"{below}^{_within(_unicode(exponent), _ATOM)}", _POWER)


def _latex(tree: Tree) -> _Piece:
    brackets = (r"\left(", r"\right)")
    if isinstance(tree, Number):
        mantissa, e, exponent = tree.text.lower().partition("e")
        return (
            _Piece(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", _PRODUCT) if e else _Piece(tree.text, _ATOM)
        )
    if isinstance(tree, Constant):
        return _Piece(_LATEX_SYMBOLS[tree.name], _ATOM)
    if isinstance(tree, Variable):
        return _Piece(latex_name(tree.name), _ATOM)
    if tree.head == "neg":
        return _Piece("-" + _within(_latex(tree.args[0]), _PRODUCT, brackets), _PRODUCT)
    if tree.head == "+":
        rest = [_latex(inner if (inner := _minus(arg)) is not None else arg) for arg in tree.args[1:]]
        rest = [
            _Piece(_within(piece, 9, brackets), _ATOM) if piece.text[0] == "-" else piece for piece in rest
        ]
        return _terms(tree.args, [_latex(tree.args[0]), *rest], brackets, "-")
    if tree.head == "*":
        return _latex_product(tree.args)
    if tree.head == "/":
        return _Piece(rf"\frac{{{_latex(tree.args[0]).text}}}{{{_latex(tree.args[1]).text}}}", _PRODUCT)
    if tree.head == "^":
        below = _within(_latex(tree.args[0]), _ATOM, brackets)
        return _Piece(f"{below}^{{{_latex(tree.args[1]).text}}}", _POWER)
    return _latex_call(tree.head, [_latex(arg).text for arg in tree.args])


def _latex_product(args: tuple[Tree, ...]) -> _Piece:
    brackets = (r"\left(", r"\right)")
    texts = [_within(_latex(args[0]), _PRODUCT, brackets)]
    for arg in args[1:]:
        piece = _latex(arg)
        texts.append(_within(piece, 9 if piece.text[0] == "-" else _PRODUCT, brackets))
    text = texts[0]
    for right in texts[1:]:
        text += (r" \cdot " if right[0].isdigit() or right.startswith(r"\frac") else " ") + right
    return _Piece(text, _PRODUCT)


def _latex_call(name: str, args: list[str]) -> _Piece:
    if name == "sqrt":
        return _Piece(rf"\sqrt{{{args[0]}}}", _ATOM)
    if name == "cbrt":
        return _Piece(rf"\sqrt[3]{{{args[0]}}}", _ATOM)
    around = {
        "abs": (r"\left|", r"\right|"),
        "floor": (r"\lfloor ", r" \rfloor"),
        "ceil": (r"\lceil ", r" \rceil"),
    }
    if name in around:
        return _Piece(around[name][0] + args[0] + around[name][1], _ATOM)
    if name in _LATEX_NAMES:
        head = _LATEX_NAMES[name]
    else:
        head = "\\" + name if name in _LATEX_FUNCTIONS else rf"\operatorname{{{name}}}"
    return _Piece(head + r"\left(" + ", ".join(args) + r"\right)", _ATOM)
