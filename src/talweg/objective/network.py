"""A network as an objective: a model, a loss and the rows. How it is descended is the engine's business."""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.objective.augment import Augmentation
from talweg.objective.base import Batch, Objective, Params, Sums
from talweg.objective.layers import Layer, Shape, Standardize
from talweg.objective.logarithm import Logarithm
from talweg.objective.losses import Loss, smoothed
from talweg.objective.metrics import classification_sums, regression_sums, weight_of_rows
from talweg.objective.models import layers_of

SETTLED = "settled"
"""Among the sums of a step: the params that it settles itself."""
_NOISE = 0x6E6F
"""Told apart from the numbers of layers, which draw from the same key."""


class Network(Objective):
    """A network and the loss it is trained on. One that takes noise away is in `denoising`.

    Attributes:
        model: the layers, or one layer that stands for a whole network.
        row_loss: the loss of a row.
        input_shape: the shape of one row of features.
        classes: how many classes; 0 for regression.
        augmentation: how training pictures are changed at random; `None` for none.
        class_weight: what a row of each class counts in the loss; all alike if it is empty.
        settings: what changes training alone, where it is given: `label_smoothing`, `input_noise` and
            `initializer_scale`; one number for a member, with a leading member axis for a crowd.
        logarithm: what a target's metrics are taken of, where its logarithm is learned; `None` where it is not.
    """

    model: Layer
    row_loss: Loss
    input_shape: Shape = eqx.field(static=True)
    classes: int = eqx.field(static=True, default=0)
    augmentation: Augmentation | None = None
    class_weight: tuple[float, ...] = eqx.field(static=True, default=())
    settings: Mapping[str, Float[Array | np.ndarray, "*members"]] = eqx.field(default_factory=dict)
    logarithm: Logarithm | None = eqx.field(static=True, default=None)

    def init(self, key: PRNGKeyArray) -> Params:
        """Draws the model's params."""
        params, scale = self.model.init(key, self.input_shape), self.settings.get("initializer_scale")
        return params if scale is None else scaled_weights(params, scale)

    def outputs(self, params: Params, x: Array) -> Float[Array, "rows outputs"]:
        """The model's outputs as in evaluation: logits, or standardized targets."""
        return self.model.apply(params, x, None)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The weighted mean of the rows' losses; the sums are the two that merge over batches."""
        x = self._noisy(batch.x, key)
        if self.augmentation is None:
            outputs, settled = self.model.apply_and_settle(params, x, key, batch.weight)
            row_loss = self._row_loss(outputs, batch.y)
        else:
            row_loss, settled = self._augmented(self.augmentation, params, Batch(x, batch.y, batch.weight), key)
        counts = batch.weight * weight_of_rows(self.class_weight, batch.y, row_loss)
        total, weight = jnp.sum(row_loss * counts), jnp.sum(counts)
        return total / weight, {"loss": total, "weight": weight, SETTLED: settled}

    def _noisy(self, x: Array, key: PRNGKeyArray) -> Array:
        """The features with noise, if it was asked for; that of pixels is in the unit to which they are brought."""
        if "input_noise" not in self.settings:
            return x
        first = layers_of(self.model)[0]
        unit = jnp.array(first.scale) if isinstance(first, Standardize) else 1.0
        x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
        noise = jax.random.normal(jax.random.fold_in(key, _NOISE), x.shape, x.dtype)
        return x + jnp.asarray(self.settings["input_noise"], x.dtype) * unit * noise

    def _row_loss(self, outputs: Array, y: Array) -> Float[Array, " rows"]:
        """Each row's loss in training."""
        if "label_smoothing" in self.settings:
            return smoothed(self.row_loss, outputs, y, jnp.asarray(self.settings["label_smoothing"]))
        return self.row_loss.per_row(outputs, y)

    def _augmented(
        self, augmentation: Augmentation, params: Params, batch: Batch, key: PRNGKeyArray
    ) -> tuple[Float[Array, " rows"], Params]:
        """Each row's loss on the changed batch, and what the layers settle; of mixed rows by the shares of both."""
        change_key, mix_key, key = jax.random.split(key, 3)
        x = augmentation.apply(batch.x, change_key)
        if not augmentation.mixup:
            outputs, settled = self.model.apply_and_settle(params, x, key, batch.weight)
            return self._row_loss(outputs, batch.y), settled
        x, partner, share = augmentation.mix(x, batch.weight, mix_key)
        outputs, settled = self.model.apply_and_settle(params, x, key, batch.weight)
        own, other = (self._row_loss(outputs, y) for y in (batch.y, batch.y[partner]))
        return share * own + (1 - share) * other, settled

    def settle(self, params: Params, sums: Sums) -> tuple[Params, Sums]:
        """The statistics that the step has measured take the place of the old ones."""
        rest = {name: value for name, value in sums.items() if name != SETTLED}
        return merged(params, sums[SETTLED]), rest

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The sums from which the task's metrics follow (see `metrics`)."""
        outputs = self.outputs(params, batch.x)
        row_loss = self.row_loss.per_row(outputs, batch.y)
        if self.row_loss.task == "classification":
            said = self.row_loss.decide(outputs)
            return classification_sums(row_loss, said, batch.y, batch.weight, self.classes, self.class_weight)
        return regression_sums(row_loss, outputs, batch.y, batch.weight, self.logarithm)


def scaled_weights(params: Params, scale: Array | np.ndarray) -> Params:
    """The weights multiplied with a number; biases, and what a norm multiplies and measures, as they are."""

    def scaled(path: tuple, leaf: Array) -> Array:
        return jnp.asarray(scale, leaf.dtype) * leaf if getattr(path[-1], "key", None) == "weights" else leaf

    return jax.tree_util.tree_map_with_path(scaled, params)


def merged(params: Params, others: Params) -> Params:
    """Nested params with others put among them; of the same name the others count.

    Example:
        >>> merged({"norm": {"scale": np.ones(1), "shift": np.zeros(1)}}, {"norm": {"scale": np.zeros(1)}})
        {'norm': {'scale': array([0.]), 'shift': array([0.])}}
    """
    if not isinstance(params, dict) or not isinstance(others, dict):
        return others
    among = {name: merged(params[name], value) if name in params else value for name, value in others.items()}
    return {**params, **among}
