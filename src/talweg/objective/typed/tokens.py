"""Typed text cut into tokens: numbers, names, operators, each with its position. Their meaning: `grammar`.

How words are read, in this order:

1. A function, a constant, a variable declared in `f(a, b) = …`, or a constant with a value, is itself.
2. A word made wholly of such names and of the letters x, y, z (or of single letters that also stand alone in
   the text) is their product: `xy` is x·y, `2pix` is 2·π·x, `xsin(x)` is x·sin(x).
3. Any other word is a variable of that name: `width`, `x1` (also written `x_1` or `x₁`).

A word of two letters or more before a bracket that is neither of the first two is an unknown function.
"""

import dataclasses
import re
from collections.abc import Iterable, Sequence

from talweg.errors import ExpressionError, did_you_mean
from talweg.objective.typed.tree import ALIASES, CONSTANTS, FUNCTIONS

MAX_NAME = 30

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SPELLINGS = {
    **dict.fromkeys("−–—‐‑﹣-", "-"),
    **dict.fromkeys("·×⋅∙∗*", "*"),
    **dict.fromkeys("÷∕⁄/", "/"),
    **dict.fromkeys(("**", "^"), "^"),
}
_FRACTIONS = {
    "½": (1, 2),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅕": (1, 5),
    "⅙": (1, 6),
    "⅛": (1, 8),
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-zΑ-Ωα-ω](?:[A-Za-zΑ-Ωα-ω0-9]|_(?=[A-Za-z0-9]))*[₀-₉]*)"
    r"|(?P<superscript>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<fraction>[½⅓⅔¼¾⅕⅙⅛])"
    r"|(?P<operator>\*\*|[-−–—‐‑﹣+*·×⋅∙∗/÷∕⁄^(),|√=\[\]{}]))"
)
_DECLARATION = re.compile(r"\s*[A-Za-zΑ-Ωα-ω]\w{0,20}\s*(?:\((?P<names>[\w\s,]{0,200})\)\s*)?=(?!=)")
_GREEK_CONSTANTS = {"π": "pi", "τ": "tau"}
_ALONE = re.compile(r"(?<![^\W\d_])([A-Za-zα-ωΑ-Ω])(?![\w₀-₉])")


@dataclasses.dataclass(frozen=True)
class Token:
    """A piece of the text: its kind, how it reads, how it was written, and where (from 1)."""

    kind: str
    text: str
    shown: str
    position: int


def name_of(word: str) -> str:
    """A variable's one name for `x₁`, `x_1` and `x1`."""
    word = word.translate(_SUBSCRIPTS)
    return re.sub(r"_(?=[0-9]+$)", "", word)


def declared(text: str) -> tuple[tuple[str, ...] | None, int]:
    """The variables of `f(x, y) = …`, and where the function itself begins in the text.

    Returns:
        The names in the order given (`None` where there is no such head), and how many characters it takes.

    Raises:
        ExpressionError: where a name is not one, or comes twice.
    """
    head = _DECLARATION.match(text)
    if head is None:
        return None, 0
    if head["names"] is None:
        return None, head.end()
    names: list[str] = []
    at = head.start("names")
    for piece in head["names"].split(","):
        position = at + len(piece) - len(piece.lstrip()) + 1
        name = name_of(piece.strip())
        found = _TOKEN.fullmatch(piece.strip())
        if found is None or found.lastgroup != "word" or name in FUNCTIONS or name in ALIASES:
            raise ExpressionError(f"expected the name of a variable, found {piece.strip()!r}", position)
        if name in names:
            raise ExpressionError(f"the variable {name!r} comes twice", position)
        names.append(name)
        at += len(piece) + 1
    return tuple(names), head.end()


def tokenize(text: str, start: int, names: Sequence[str]) -> list[Token]:
    """The text cut into tokens, words into the names they are made of.

    Args:
        text: what was typed.
        start: the characters to skip.
        names: the variables and constants known beforehand.

    Raises:
        ExpressionError: at a character, number or name that has no place in an expression.
    """
    alone = {match[1] for match in _ALONE.finditer(text, start)}
    known = [
        *FUNCTIONS,
        *ALIASES,
        *CONSTANTS,
        "pow",
        *_GREEK_CONSTANTS,
        *names,
        "x",
        "y",
        "z",
        *sorted(alone),
    ]
    pieces = re.compile("|".join(sorted(map(re.escape, set(known)), key=lambda name: (-len(name), name))))
    tokens: list[Token] = []
    index = start
    while text[index:].strip():
        found = _TOKEN.match(text, index)
        if found is None:
            index += len(text[index:]) - len(text[index:].lstrip())
            raise ExpressionError(f"unexpected character {text[index]!r}", index + 1)
        kind = str(found.lastgroup)
        position, shown = found.start(kind) + 1, found[kind]
        if kind == "word":
            tokens += _words(shown, position, names, pieces, text[found.end() :].lstrip()[:1] == "(")
        elif kind == "fraction":
            over, under = map(str, _FRACTIONS[shown])
            for part in ("(", over, "/", under, ")"):
                tokens.append(Token("number" if part.isdigit() else "operator", part, shown, position))
        elif kind == "superscript":
            tokens.append(Token(kind, shown.translate(_SUPERSCRIPTS), shown, position))
        else:
            tokens.append(Token(kind, _SPELLINGS.get(shown, shown), shown, position))
        index = found.end()
    return [*tokens, Token("end", "", "", len(text) + 1)]


def _words(word: str, position: int, names: Sequence[str], pieces: re.Pattern, called: bool) -> list[Token]:
    """One word as the names it is made of (rules 1 to 3 above)."""
    name = name_of(word)
    if len(word) > MAX_NAME:
        raise ExpressionError(f"a name longer than {MAX_NAME} characters", position)
    if name in names:
        return [Token("name", name, word, position)]
    plain = _GREEK_CONSTANTS.get(name, ALIASES.get(name, name))
    lowered = name.lower() if len(name) > 1 else plain
    for candidate in (plain, ALIASES.get(lowered, lowered)):
        if candidate in CONSTANTS or candidate in FUNCTIONS or candidate == "pow":
            return [Token("name", candidate, word, position)]
    if len(name) > 1:
        cut = pieces.findall(word)
        if "".join(cut) == word and len(cut) > 1:
            tokens = []
            for piece in cut:
                tokens += _words(piece, position, names, pieces, False)
                position += len(piece)
            return tokens
    if called and (len(name) > 1 or name in "fgh"):
        raise unknown_function(word, (*FUNCTIONS, *ALIASES), position)
    return [Token("name", name, word, position)]


def unknown_function(name: str, choices: Iterable[str], position: int) -> ExpressionError:
    """The error about a function that does not exist, with the nearest one that does."""
    nearest = did_you_mean(name, choices).removeprefix(" Did").removesuffix("?")
    return ExpressionError(f"unknown function {name!r}" + (f" (did{nearest}?)" if nearest else ""), position)
