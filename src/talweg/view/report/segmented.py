"""Predicted masks side by side with pictures and true ones, what is wrong in them, and what each class reaches."""

from collections.abc import Mapping
from typing import Any

from talweg.view.pictures.masks import ADDED, MISSED, class_colors
from talweg.view.report.embedded import picture, rows_of_pictures
from talweg.view.report.markup import table, text
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital, plain

_KINDS = ("picture", "mask", "predicted", "difference")


def segmented(told: Told, say: Tongue) -> str:
    """The section's part for masks; nothing for any other run."""
    found = told.summary.get("segmentation")
    if not found or not found["classes"]:
        return ""
    lead = say("segmented.lead", part=say(f"part.{found['part']}"))
    return (
        f"<h3>{text(say('results.pictures'))}</h3><p>{text(lead)}</p>{_legend(told, say)}"
        f"{_samples(told, found, say)}{_classes(found, say)}"
    )


def _legend(told: Told, say: Tongue) -> str:
    names = list(told.summary["data"]["classes"])
    classes = [_swatch(color, name) for color, name in zip(class_colors(len(names)), names, strict=True)]
    two = len(names) == 2
    wrong = [_swatch(MISSED, say("segmented.missed" if two else "segmented.wrong"))]
    wrong += [_swatch(ADDED, say("segmented.added"))] * two
    heads = (say("segmented.classes"), capital(say("segmented.difference")))
    rows = (
        f"<p class='swatches'>{text(head)}: {' '.join(some)}</p>"
        for head, some in zip(heads, (classes, wrong), strict=True)
    )
    return "".join(rows)


def _swatch(color: tuple[int, int, int], word: str) -> str:
    red, green, blue = color
    return f'<span class="swatch" style="--swatch:rgb({red} {green} {blue})">{text(word)}</span>'


def _samples(told: Told, found: dict[str, Any], say: Tongue) -> str:
    reached = {one["picture"]: one for one in found["pictures"]}

    def shown(sample: Mapping[str, str], kind: str, content: bytes) -> str:
        value = plain((reached.get(sample["name"]) or {}).get("mean_iou"))
        words = say(f"segmented.{kind}") + (f" {sample['name']}" if kind == "picture" else "")
        told_of = f"; {say.curve('mean_iou')} {say.number(value, 3)}" if kind == "difference" else ""
        alt = f"{sample['name']}: {words}"
        return f"<figure>{picture(content, alt)}<figcaption>{text(words + told_of)}</figcaption></figure>"

    return rows_of_pictures(found["samples"], _KINDS, told.pictures, "quadruple", shown)


def _classes(found: dict[str, Any], say: Tongue) -> str:
    every = max(sum(one["pixels"] for one in found["classes"]), 1)
    rows = [
        (
            one["class"],
            say.percent(one["pixels"] / every),
            *(say.number(plain(one[name]), 3) for name in ("iou", "recall", "precision")),
        )
        for one in found["classes"]
    ]
    head = [say(f"results.{word}") for word in ("class", "share", "iou", "recall", "precision")]
    return table(head, rows, say("segmented.table", pictures=say.count("pictures", len(found["pictures"]))))
