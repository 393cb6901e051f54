"""Pieces of HTML that several parts of the report share. What comes from data is shown as text, whatever it holds."""

import html
from collections.abc import Iterable, Sequence

from talweg.view.telling.wording import Tongue


def text(words: object) -> str:
    """Words as text that no browser takes for markup."""
    return html.escape(str(words))


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    caption: str,
    *,
    words: Sequence[int] = (),
    hidden: bool = False,
    css: str = "",
) -> str:
    """A table whose first column heads its rows.

    Args:
        head: the titles of the columns.
        rows: what stands in them; text, or markup that was made safe already (see `Safe`).
        caption: what it is.
        words: the columns that hold words and not numbers; the first always does.
        hidden: whether the caption is for screen readers alone.
        css: a class of its own.
    """
    kinds = ["word" if nth == 0 or nth in words else "number" for nth in range(len(head))]
    titles = "".join(f'<th scope="col" class="{kind}">{text(t)}</th>' for kind, t in zip(kinds, head, strict=True))
    body = "".join(_row(row, kinds) for row in rows)
    mark = ' class="unseen"' if hidden else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table class="{css}">'
        f"<caption{mark}>{text(caption)}</caption>"
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Sequence[object], kinds: Sequence[str]) -> str:
    first, *others = row
    cells = "".join(f'<td class="{kind}">{_cell(cell)}</td>' for kind, cell in zip(kinds[1:], others, strict=True))
    return f'<tr><th scope="row" class="{kinds[0]}">{_cell(first)}</th>{cells}</tr>'


class Safe(str):
    """Markup that was made safe already."""

    __slots__ = ()


def _cell(content: object) -> str:
    return content if isinstance(content, Safe) else text(content)


def figure(title: str, drawing: str, caption: str = "", legend: Sequence[tuple[str, str]] = (), css: str = "") -> str:
    """A drawing with its title, its legend and what it shows."""
    keys = "".join(
        f'<li><svg class="key" viewBox="0 0 26 12" aria-hidden="true">{_key(kind)}</svg>{text(words)}</li>'
        for kind, words in legend
    )
    below = f'<ul class="legend">{keys}</ul>' if keys else ""
    said = f"<p>{text(caption)}</p>" if caption else ""
    return f'<figure class="{css}"><h3>{text(title)}</h3>{drawing}<figcaption>{below}{said}</figcaption></figure>'


def _key(kind: str) -> str:
    if kind == "stop":
        return '<circle class="stop" cx="13" cy="6" r="4.5"/>'
    if kind.startswith("band"):
        return f'<rect class="{kind}" x="1" y="1" width="24" height="10"/>'
    return f'<path class="{kind}" d="M1 6h24"/>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels and what they say."""
    items = "".join(f"<div><dt>{text(label)}</dt><dd>{text(value)}</dd></div>" for label, value in pairs)
    return f'<dl class="facts">{items}</dl>' if items else ""


def folded(title: str, content: str) -> str:
    """Something long that is opened by a click; print shows it whole."""
    return f"<details><summary>{text(title)}</summary>{content}</details>"


def mark(kind: str, say: Tongue) -> str:
    """Done, look here, or missing: a sign and a word, never color alone."""
    sign = {"done": "✓", "look": "!", "missing": "–"}[kind]
    word = text(say(f"mark.{kind}"))
    return f'<span class="mark {kind}"><span class="sign" aria-hidden="true">{sign}</span>{word}</span>'
