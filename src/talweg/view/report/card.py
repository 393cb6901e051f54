"""The report as Markdown for a repository: a model card, with the metadata that Hugging Face reads on top."""

import json
import re
from collections.abc import Iterator
from typing import Any

from talweg.view.report.paragraph import paragraph
from talweg.view.telling.checklist import Step, checklist
from talweg.view.telling.facts import layers_words
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital, plain, tongue

_PIPELINES = {
    "classification": "tabular-classification",
    "regression": "tabular-regression",
    "denoising": "image-to-image",
    "segmentation": "image-segmentation",
}
_OF_PICTURES = {"classification": "image-classification", "denoising": "image-to-image"}
_SIGNS = {"done": "✓", "look": "⚠", "missing": "–"}


def model_card(told: Told, *, lang: str = "en") -> str:
    """A model card (Mitchell et al. 2019) of a run.

    Every value of the metadata is written as JSON, which YAML reads as well and in which no text can break out.

    Raises:
        ConfigError: when there is no catalogue for the language.
    """
    say = tongue(lang)
    steps = checklist(told, say)
    top = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in metadata(told, lang).items()]
    return "\n".join([
        "---", *top, "---",
        "", f"# {_plain(told.name)}", "", _plain(paragraph(told, say)), "",
        f"## {say('card.details')}", "", *_details(told, say), "",
        f"## {say('card.evaluation')}", "", *_evaluation(told, say), "",
        f"## {say('section.checklist')}", "", *_steps(steps, say), "",
        f"## {say('card.limits')}", "", *_limits(steps, say), "",
        f"## {say('card.use')}", "", "```sh", told.application, "```", "",
        f"## {say('section.repeat')}", "", "```toml", told.toml.strip().replace("```", "'''"), "```", "",
    ])  # fmt: skip


def metadata(told: Told, lang: str) -> dict[str, Any]:
    """What stands on top of a model card (Hugging Face's model-index, its measures on rows held back)."""
    task, data = told.summary["task"], told.summary["data"]
    pipeline = (_OF_PICTURES if _pictures(told) else _PIPELINES).get(task, "other")
    part = told.held_back
    measures = told.summary["ensemble"][part] if part else {}
    known = {name: plain(value) for name, value in measures.items()}
    results = [
        {"type": name, "name": name.replace("_", " "), "value": value}
        for name, value in known.items()
        if value is not None
    ]
    dataset = {"type": re.sub(r"[^a-z0-9]+", "-", str(data["name"]).lower()).strip("-") or "data", "name": data["name"],
               "split": part or "none"}  # fmt: skip
    card: dict[str, Any] = {
        "library_name": "talweg",
        "language": lang,
        "pipeline_tag": pipeline,
        "tags": ["talweg", "gradient-descent", "ensemble", pipeline],
        "metrics": [name for name in known if name != "loss"],
    }
    if results:
        entry = {"task": {"type": pipeline}, "dataset": dataset, "metrics": results}
        card["model-index"] = [{"name": told.name, "results": [entry]}]
    return card


def _pictures(told: Told) -> bool:
    return any(str(layer.get("kind", "")).startswith("conv") for layer in told.summary["model"]["layers"])


def _details(told: Told, say: Tongue) -> Iterator[str]:
    yield f"- {say('label.layers')}: {_plain(layers_words(told.summary['model']))}"
    yield f"- {say('label.params')}: {say.whole(told.summary['model']['params'])} × {len(told.members)}"
    yield f"- {say('label.source')}: {_plain(told.summary['data']['name'])}"
    yield f"- {say('label.fingerprint')}: `{_plain(told.summary['data'].get('fingerprint', '–'))}`"


def _evaluation(told: Told, say: Tongue) -> Iterator[str]:
    part = told.held_back
    if part is None:
        yield say("results.none")
        return
    spread, ensemble = told.summary["spread"][part], told.summary["ensemble"][part]
    yield f"{say(f'results.on.{part}')} ({say.count('rows', told.summary['split'][part])}):"
    yield ""
    yield f"| {say('results.measure')} | {say('label.spread')} | {say('label.ensemble')} |"
    yield "|---|---:|---:|"
    for name, row in spread.items():
        mean, std = say.number(plain(row["mean"])), say.number(plain(row["std"]), 2)
        yield f"| {_plain(capital(say.curve(name)))} | {mean} ± {std} | {say.number(plain(ensemble.get(name)))} |"


def _steps(steps: list[Step], say: Tongue) -> Iterator[str]:
    for nth, step in enumerate(steps, 1):
        told = "; ".join(f"{label} {value}" for label, value in step.facts)
        yield f"{nth}. {_SIGNS[step.mark]} **{step.title}** ({say(f'mark.{step.mark}')}): {_plain(told or step.text)}"


def _limits(steps: list[Step], say: Tongue) -> Iterator[str]:
    raised = [flag for step in steps for flag in step.flags]
    yield from (f"- {_plain(flag)}" for flag in raised)
    if not raised:
        yield say("flags.none")


def _plain(words: Any) -> str:
    """Text that Markdown shows as it is: no tags, no links, no emphasis, one line."""
    line = " ".join(str(words).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line).replace("\\<", "&lt;").replace("\\>", "&gt;")
