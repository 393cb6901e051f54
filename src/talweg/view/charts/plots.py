"""A run's figures with one call each, for papers and slides: matplotlib axes that a user can change and save.

The report draws the same as SVG of its own (`view/report`); here is what goes into someone else's document.
"""

import dataclasses
import io
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from talweg.errors import ConfigError
from talweg.record.evaluation import Evaluation
from talweg.record.scene import Scene
from talweg.view.charts.curves import curves_figure
from talweg.view.pictures.beside import Row, beside_figure
from talweg.view.scenes.figures import landscape_figure
from talweg.view.style import BLUE, INK, figure_of, literal, new_figure, styled
from talweg.view.telling.quality import calibration, roc
from talweg.view.telling.stops import watches
from talweg.view.telling.told import Told


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Plots:
    """The figures of a run. Each call draws anew.

    Attributes:
        told: the run.
        scene: gives its map, which may take a while.

    Example:
        >>> import talweg as tw
        >>> run = tw.train("iris", members=2, max_epochs=5)
        >>> axes = run.plot.curves()
        >>> axes[0].set_title("Irises").get_text()
        'Irises'
    """

    told: Told
    scene: Callable[[], Scene]

    def curves(self) -> list[Axes]:
        """Epochs against loss and each quality measure: members, median, middle half, stops, thresholds.

        Returns:
            One for each panel, the loss first; all belong to one figure, ``axes[0].figure``.
        """
        told, thresholds = self.told, {}
        for watch in watches(told):
            if watch.rule["kind"] == "reached":
                thresholds[str(watch.rule["monitor"]).removeprefix("validation_").removeprefix("train_")] = float(
                    watch.rule["threshold"]
                )
        curves = {name: values for name, values in told.history.curves.items() if np.isfinite(values).any()}
        if not curves:
            raise ConfigError("no epoch told a finite number, so there is no curve to draw")
        figure = curves_figure(
            {"epoch": told.history.epoch, **curves}, stop_epochs=told.stops, thresholds=thresholds, title=told.name
        )
        return list(figure.axes)

    def map(self, ax: Axes | None = None) -> Axes:
        """The members on their own loss landscape, seen from above (computed where it is not kept yet)."""
        figure = landscape_figure(self.scene(), ax=ax)
        return ax if ax is not None else figure.axes[0]

    @styled
    def confusion(self, part: str | None = None, ax: Axes | None = None) -> Axes:
        """True against predicted classes, of the ensemble.

        Args:
            part: ``"test"`` or ``"validation"``; test if there is one.
            ax: axes to draw on; a new figure where absent.

        Raises:
            ConfigError: for a run that has no classes, or nothing held back.
        """
        kept = self._kept(part)
        if kept.confusion is None:
            raise ConfigError("a confusion matrix is for classes; this run predicts a quantity: see plot.predictions()")
        names = [literal(name) for name in self.told.summary["data"]["classes"]]
        ax = ax or _new(6.4, 5.6)
        shares = kept.confusion / np.maximum(kept.confusion.sum(1, keepdims=True), 1)
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
        for true, said in np.ndindex(kept.confusion.shape):
            count = int(kept.confusion[true, said])
            if count and len(names) <= 20:
                color = "white" if shares[true, said] > 0.6 else INK
                ax.text(said, true, str(count), ha="center", va="center", color=color)
        turned = 0 if max(map(len, names)) < 4 else 45
        ax.set_xticks(range(len(names)), names, rotation=turned, ha="right" if turned else "center")
        ax.set_yticks(range(len(names)), names)
        ax.set(xlabel="predicted", ylabel="true")
        return ax

    @styled
    def calibration(self, part: str | None = None, ax: Axes | None = None) -> Axes:
        """How often the likeliest class was right, by the probability it was given; dots as large as their rows.

        Raises:
            ConfigError: for a run that has no classes, or nothing held back.
        """
        found = calibration(self._classes(part))
        ax = ax or _new(5.6, 5.6)
        ax.plot([0, 1], [0, 1], color=INK, linewidth=1.2, linestyle=(0, (5, 3)))
        ax.plot(found.confidence, found.right, color=BLUE, linewidth=1, alpha=0.5)
        ax.scatter(found.confidence, found.right, s=20 + 180 * found.rows / found.rows.max(), color=BLUE, zorder=3)
        ax.set(xlabel="probability given", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
        ax.set_title(f"ECE {found.error:.3f}")
        return ax

    @styled
    def roc(self, part: str | None = None, ax: Axes | None = None) -> Axes:
        """True against false positives over all thresholds, each class against the rest.

        Raises:
            ConfigError: for a run that has no classes, or nothing held back.
        """
        kept, names = self._classes(part), self.told.summary["data"]["classes"]
        ax = ax or _new(5.6, 5.6)
        ax.plot([0, 1], [0, 1], color=INK, linewidth=1.2, linestyle=(0, (5, 3)))
        for label in [1] if len(names) == 2 else range(len(names)):
            curve = roc(kept, label)
            if curve is not None:
                ax.plot(*curve, linewidth=2, label=literal(str(names[label])))
        if 2 < len(names) <= 12:
            ax.legend(loc="lower right")
        ax.set(xlabel="false positives", ylabel="true positives", aspect="equal")
        return ax

    @styled
    def predictions(self, part: str | None = None, ax: Axes | None = None) -> Axes:
        """Predicted against true quantities, of the ensemble.

        Raises:
            ConfigError: for a run that has classes, or nothing held back.
        """
        kept = self._kept(part)
        if kept.ensemble.ndim != 1:
            raise ConfigError("predicted against true is for quantities; this run has classes: see plot.confusion()")
        ax = ax or _new(5.8, 5.6)
        ends = [min(kept.target.min(), kept.ensemble.min()), max(kept.target.max(), kept.ensemble.max())]
        ax.plot(ends, ends, color=INK, linewidth=1.2, linestyle=(0, (5, 3)))
        ax.scatter(kept.target, kept.ensemble, s=18, alpha=0.5, color=BLUE, linewidths=0)
        target = literal(str(self.told.summary["data"].get("target") or "target"))
        ax.set(xlabel=f"{target}, true", ylabel=f"{target}, predicted")
        return ax

    def denoised(self, side: int | None = 240) -> list[Axes]:
        """Some pictures of a denoising, noisy, denoised and clean, with the PSNR of each.

        Args:
            side: only a square of so many pixels from the middle of each; `None` for the whole pictures.

        Returns:
            One for each picture, row by row; all belong to one figure.

        Raises:
            ConfigError: for a run that is no denoising, or nothing held back.
        """
        kept = self._samples("denoising", "no denoised pictures were kept: the run is no denoising, or held none back")
        rows = [Row(sample["picture"], self._versions(sample, reached)) for sample, reached in kept]
        return list(beside_figure(rows, side).axes)

    def segmented(self, side: int | None = 240) -> list[Axes]:
        """Some pictures of a segmentation: the picture, the true mask, the predicted one, and what is wrong in it.

        Args:
            side: only a square of so many pixels from the middle of each; `None` for the whole pictures.

        Returns:
            One for each picture, row by row; all belong to one figure.

        Raises:
            ConfigError: for a run that learned no masks, or nothing held back.
        """
        rows = []
        for sample, reached in self._samples(
            "segmentation", "no masks were kept: the run learned none, or held no picture back"
        ):
            kinds = {"picture": "picture", "mask": "true mask", "predicted": "predicted mask"}
            overlap = reached["mean_iou"]
            kinds["difference"] = "difference" if overlap is None else f"mean IoU {overlap:.3f}"
            pixels = {words: self._pixels(sample[kind]) for kind, words in kinds.items()}
            rows.append(Row(sample["name"], pixels))
        return list(beside_figure(rows, side).axes)

    def _samples(self, task: str, refusal: str) -> list[tuple[Mapping[str, str], Mapping[str, Any]]]:
        """The pictures of a task that were kept, each with what was reached on it."""
        told = self.told.summary.get(task) or {}
        if not told.get("samples"):
            raise ConfigError(refusal)
        reached = {one["picture"]: one for one in told["pictures"]}
        return [(sample, reached[sample.get("name", sample["picture"])]) for sample in told["samples"]]

    def _pixels(self, file: str) -> np.ndarray:
        return np.atleast_3d(np.asarray(Image.open(io.BytesIO(self.told.pictures[file]))))

    def _versions(self, sample: Mapping[str, str], reached: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The versions of one kept picture by their headings."""
        kinds = [kind for kind in ("noisy", "denoised", "clean") if kind in sample]
        psnr = {kind: reached.get(kind, {}).get("psnr") for kind in kinds}
        headings = [f"{kind}, {psnr[kind]:.2f} dB" if psnr[kind] else kind for kind in kinds]
        return dict(zip(headings, (self._pixels(sample[kind]) for kind in kinds), strict=True))

    def _classes(self, part: str | None) -> Evaluation:
        kept = self._kept(part)
        if kept.ensemble.ndim != 2:
            raise ConfigError("this figure is for classes; this run predicts a quantity: see plot.predictions()")
        return kept

    def _kept(self, part: str | None) -> Evaluation:
        chosen = part or self.told.held_back or "held-back"
        if chosen not in self.told.evaluation:
            known = ", ".join(self.told.evaluation) or "none"
            raise ConfigError(f"no predictions of the {chosen} rows were kept (kept: {known})")
        return self.told.evaluation[chosen]


def _new(width: float, height: float) -> Axes:
    """Axes of a new figure."""
    return figure_of(new_figure(width, height).add_subplot()).axes[0]
