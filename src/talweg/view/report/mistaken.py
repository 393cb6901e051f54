"""The pictures that a run mistakes most, to be looked at: each with what it is and what it was taken for."""

from typing import Any

from talweg.record.evaluation import Evaluation
from talweg.view.report.embedded import picture
from talweg.view.report.markup import text
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue


def mistaken(told: Told, kept: Evaluation, part: str, names: list[str], say: Tongue) -> str:
    """A gallery; nothing for a run on anything but pictures, or one whose pictures are gone.

    Args:
        told: the run.
        kept: its predictions on that part.
        part: ``"test"`` or ``"validation"``.
        names: of the classes; empty for a quantity.
        say: the page's language.
    """
    found = told.summary.get("pictures") or {}
    shown = [one for one in found.get("mistakes") or [] if one["file"] in told.pictures]
    if found.get("part") != part or not shown:
        return ""
    items = "".join(f"<li>{_card(told, kept, one, names, say)}</li>" for one in shown)
    return f'<ul class="gallery">{items}</ul>'


def _card(told: Told, kept: Evaluation, one: dict[str, Any], names: list[str], say: Tongue) -> str:
    place = int(one["place"])
    true, said = kept.target[place], kept.ensemble[place]
    if names:
        label = int(said.argmax())
        words = say("results.taken", true=names[int(true)], said=names[label])
        sure = f"{say('results.sure')} {say.number(float(said.max()), 3)}"
    else:
        words = say("results.estimated", true=say.number(float(true)), said=say.number(float(said)))
        sure = f"{say('results.error')} {say.number(float(said - true))}"
    name = one.get("picture") or (f"{say('results.row')} {say.whole(one['row'])}" if one.get("row") else "")
    below = f"<br>{text(sure)}" + (f'<br><span class="file">{text(name)}</span>' if name else "")
    alt = f"{name}: {words}" if name else words
    caption = f"<figcaption><strong>{text(words)}</strong>{below}</figcaption>"
    return f"<figure>{picture(told.pictures[one['file']], alt)}{caption}</figure>"
