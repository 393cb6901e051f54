"""What is said of denoised pictures and of masks in the terminal. It comes in as plain data (see docs/json.md)."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.view.terminal.columns import Columns, number

_SHOWN = 24


def denoised_text(content: Mapping[str, Any]) -> RenderableType:
    """What `talweg denoise` wrote: each file, and what it reaches if there was a reference."""
    pictures = content["pictures"]
    written = Text(f"{len(pictures)} picture{'s' * (len(pictures) != 1)} written.")
    return Group(likeness_table(pictures), *map(Text, _done(pictures)), written)


def _done(pictures: list[Mapping[str, Any]]) -> list[str]:
    """What was done to the pictures as they were read: of one by its name, of several how many."""
    by_word: dict[str, list[str]] = {}
    for one in pictures:
        for word in one["done"]:
            by_word.setdefault(word, []).append(one["picture"])
    return [
        f"{names[0]} {word}." if len(names) == 1 else f"{len(names)} of {len(pictures)} pictures: each {word}."
        for word, names in by_word.items()
    ]


def likeness_table(pictures: list[Mapping[str, Any]]) -> Table:
    """PSNR and SSIM of each picture, before and after; only the names and the spread where there is no reference."""
    known = [
        name for name in ("psnr", "ssim", "neighbor_psnr") if any(name in (one["noisy"] or {}) for one in pictures)
    ]
    table = Columns()
    table.add_column("picture", overflow="fold")
    for name in known:
        table.add_column(f"{_TITLES[name]} noisy", justify="right", no_wrap=True)
        table.add_column("denoised", justify="right", no_wrap=True)
    table.add_column("members disagree by", justify="right", no_wrap=True)
    for one in pictures[:_SHOWN]:
        cells = [_told((one[when] or {}).get(name), name) for name in known for when in ("noisy", "denoised")]
        table.add_row(one["picture"], *cells, f"{one['spread']:.2f} of 255")
    if len(pictures) > _SHOWN:
        table.add_row(f"and {len(pictures) - _SHOWN} more")
    return table


_TITLES = {"psnr": "PSNR", "ssim": "SSIM", "neighbor_psnr": "neighbor PSNR"}


def _told(value: float | None, name: str) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if name == "ssim" else f"{value:.2f} dB"


def segmented_text(content: Mapping[str, Any]) -> RenderableType:
    """What `talweg segment` wrote: of each picture the share of every class, and what it reaches with a reference."""
    pictures = content["pictures"]
    known = [name for name in _MASK_TITLES if any(name in (one["reference"] or {}) for one in pictures)]
    classes = list(pictures[0]["shares"])[:_CLASSES] if pictures else []
    table = Columns()
    table.add_column("picture", overflow="fold")
    for title in (*(f"class {name}" for name in classes), *(_MASK_TITLES[name] for name in known), "members apart"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in pictures[:_SHOWN]:
        told = one["reference"] or {}
        shares = [f"{100 * one['shares'][name]:.1f} %" for name in classes]
        table.add_row(
            one["picture"], *shares, *(number(told.get(name)) for name in known), f"{100 * one['apart']:.1f} %"
        )
    if len(pictures) > _SHOWN:
        table.add_row(f"and {len(pictures) - _SHOWN} more")
    written = Text(f"{len(pictures)} mask{'s' * (len(pictures) != 1)} written.")
    return Group(table, *map(Text, _done(pictures)), written)


_CLASSES = 6
_MASK_TITLES = {"mean_iou": "mean IoU", "pixel_accuracy": "pixels right", "dice": "Dice"}


def segmentation_lines(summary: Mapping[str, Any]) -> list[RenderableType]:
    """The part of a training's summary that is about masks, class by class; nothing if none were learned."""
    told = summary.get("segmentation")
    if not told or not told["classes"]:
        return []
    every = max(sum(one["pixels"] for one in told["classes"]), 1)
    table = Columns()
    table.add_column("class", overflow="fold")
    for title in ("pixels", "IoU", "found", "right where said"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in told["classes"][:_SHOWN]:
        shares = (number(one[name]) for name in ("iou", "recall", "precision"))
        table.add_row(one["class"], f"{100 * one['pixels'] / every:.1f} %", *shares)
    count = len(told["pictures"])
    head = f"On {count} whole {told['part']} picture{'s' * (count != 1)}, by the ensemble, class by class:"
    return [Text(), Text(head, style="bold"), table]


def denoising_lines(summary: Mapping[str, Any]) -> list[RenderableType]:
    """The part of a training's summary that is about pictures; nothing if it was no denoising."""
    told = summary.get("denoising")
    if not told or not told["pictures"]:
        return []
    noisy, denoised = told["noisy"], summary["ensemble"][told["part"]]
    names = ", ".join(
        f"{_TITLES[name]} {_told(noisy[name], name)} noisy, {_told(denoised.get(name), name)} denoised"
        for name in noisy
        if name != "loss"
    )
    head = Text(f"On whole {told['part']} photographs, by the ensemble: {names}.", style="bold")
    return [Text(), head, likeness_table(told["pictures"])]
