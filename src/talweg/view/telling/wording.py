"""The report's words in two languages, from one catalogue, and numbers as each language writes them.

What is said is decided elsewhere; here is only how it is said.
"""

import dataclasses
import functools
import importlib.resources
import json
import math
from collections.abc import Iterable
from typing import Any

from talweg.errors import ConfigError, did_you_mean
from talweg.view.numerals import format_number

NARROW = "\u202f"
"""A narrow space that does not break, between the thousands of a German number."""


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every word of the report by language and key."""
    text = importlib.resources.files("talweg.view").joinpath("static", "report-words.json").read_text(encoding="utf-8")
    return json.loads(text)


def tongue(lang: str) -> "Tongue":
    """A language by its name.

    Raises:
        ConfigError: when there is no catalogue for it.

    Example:
        >>> tongue("de")("step.loss.title")
        'Verlustfunktion'
    """
    if lang not in catalogue():
        known = ", ".join(sorted(catalogue()))
        raise ConfigError(f"a report's language is one of {known}, got {lang!r}.{did_you_mean(lang, catalogue())}")
    return Tongue(lang)


@dataclasses.dataclass(frozen=True)
class Tongue:
    """A language.

    Attributes:
        lang: ``"en"`` or ``"de"``.
    """

    lang: str

    def __call__(self, key: str, **parts: Any) -> str:
        """The words of a key, its places filled in; numbers among them are to be text already."""
        return catalogue()[self.lang][key].format(**parts)

    def knows(self, key: str) -> bool:
        """Whether there are words for a key."""
        return key in catalogue()[self.lang]

    def or_else(self, key: str, word: str) -> str:
        """The words of a key; the word itself, its underscores as spaces, if there are none."""
        return self(key) if self.knows(key) else word.replace("_", " ")

    def number(self, value: float | int | None, digits: int = 4) -> str:
        """A number with so many significant digits; a dash where there is none.

        Example:
            >>> Tongue("en").number(0.97222), Tongue("de").number(-0.5), Tongue("de").number(None)
            ('0.9722', '−0,5', '–')
        """
        if value is None or not math.isfinite(value):
            return "–"
        if float(value).is_integer() and abs(value) < 1e15 and abs(value) >= 1000:
            return self.whole(int(value))
        text = format_number(float(value), digits)
        return text.replace(".", ",") if self.lang == "de" else text

    def whole(self, value: int) -> str:
        """A whole number, its thousands apart from 10 000 on.

        Example:
            >>> Tongue("en").whole(1234567), Tongue("en").whole(1437)
            ('1,234,567', '1437')
        """
        if abs(value) < 10_000:
            return str(value).replace("-", "−")
        return f"{value:,}".replace(",", NARROW if self.lang == "de" else ",").replace("-", "−")

    def percent(self, share: float | None, digits: int = 1) -> str:
        """A share in percent."""
        if share is None or not math.isfinite(share):
            return "–"
        text = f"{100 * share:.{digits}f}".removesuffix("." + "0" * digits)
        return (text.replace(".", ",") if self.lang == "de" else text) + f"{NARROW}%"

    def count(self, what: str, n: int) -> str:
        """So many of something: ``1 row``, ``2 rows``."""
        return self(f"count.{what}.{'one' if n == 1 else 'many'}", n=self.whole(n))

    def curve(self, name: str) -> str:
        """A curve's or a measure's name."""
        return self.or_else(f"curve.{name}", name)

    def quoted(self, word: str) -> str:
        """A word in quotation marks.

        Example:
            >>> Tongue("en").quoted("age"), Tongue("de").quoted("age")
            ('“age”', '„age“')
        """
        return f"„{word}“" if self.lang == "de" else f"“{word}”"

    def listed(self, words: Iterable[str], most: int = 8) -> str:
        """Words as prose: ``a, b and c``; of many the first."""
        named = list(words)
        if len(named) > most:
            return ", ".join(named[:most]) + ", …"
        joint = f" {self('and')} "
        return joint.join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def capital(text: str) -> str:
    """The same with a capital first letter, as at the start of a line."""
    return text[:1].upper() + text[1:]


def plain(value: Any) -> float | None:
    """A number of a summary, `None` where it is none."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None
