"""Denoised pictures side by side with their noisy and clean selves, and what each reaches."""

from collections.abc import Mapping
from typing import Any

from talweg.view.report.embedded import picture, rows_of_pictures
from talweg.view.report.markup import table, text
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, plain


def denoised(told: Told, say: Tongue) -> str:
    """The section's part for a denoising; nothing for any other run."""
    found = told.summary.get("denoising")
    if not found or not found["pictures"]:
        return ""
    lead = say("denoised.lead", noise=_noise(found, say), part=say(f"part.{found['part']}"))
    return (
        f"<h3>{text(say('results.pictures'))}</h3><p>{text(lead)}</p>{_samples(told, found, say)}{_table(found, say)}"
    )


def _noise(found: Mapping[str, Any], say: Tongue) -> str:
    noise = found["noise"]
    return say.number(plain(noise)) if plain(noise) is not None else str(noise)


def _samples(told: Told, found: Mapping[str, Any], say: Tongue) -> str:
    reached = {one["picture"]: one for one in found["pictures"]}

    def shown(sample: Mapping[str, str], kind: str, content: bytes) -> str:
        return _picture(kind, content, sample, reached, say)

    return rows_of_pictures(found["samples"], _KINDS, told.pictures, "triple", shown)


_KINDS = ("noisy", "denoised", "clean")


def _picture(
    kind: str, content: bytes, sample: Mapping[str, str], reached: Mapping[str, Mapping[str, Any]], say: Tongue
) -> str:
    told = (reached.get(sample["picture"]) or {}).get(kind) or {}
    known = [(name, plain(told.get(name))) for name in ("psnr", "ssim")]
    measures = ", ".join(f"{say.curve(name)} {say.number(value)}" for name, value in known if value is not None)
    words = f"{sample['picture']}: {say(f'denoised.{kind}')}"
    return (
        f"<figure>{picture(content, words)}"
        f"<figcaption>{text(say(f'denoised.{kind}'))}{text(f': {measures}' if measures else '')}</figcaption></figure>"
    )


def _table(found: Mapping[str, Any], say: Tongue) -> str:
    names = [name for name in ("psnr", "ssim") if name in (found["pictures"][0]["denoised"] or {})]
    rows = [
        (
            one["picture"],
            *(say.number(plain((one[kind] or {}).get(name))) for name in names for kind in ("noisy", "denoised")),
            say.number(plain(one.get("spread")), 3),
        )
        for one in found["pictures"]
    ]
    titles = [f"{say.curve(name)}: {say(f'denoised.{kind}')}" for name in names for kind in ("noisy", "denoised")]
    return table([say("denoised.picture"), *titles, say("denoised.spread")], rows, say("denoised.table"))
