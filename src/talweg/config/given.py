"""The settings as Python users give them by name, with the types that each takes; checked and explained in `settings`.

Editors and type checkers read this, so that `tw.train(..., members=4)` is completed and `membrs=4` is marked.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

import numpy as np

if TYPE_CHECKING:
    from talweg.descent.stopping import Rule
    from talweg.objective.layers import Layer

Swept: TypeAlias = float | Sequence[float] | np.ndarray
"""One number, or a list whose values the members share among them."""


class Given(TypedDict, total=False):
    """Every field of `talweg.Settings` but source and target, in the same order."""

    task: Literal["auto", "classification", "regression", "denoising", "segmentation"]
    split: str
    columns: dict[str, str]
    target_scale: Literal["auto", "standard", "log"]
    group: str | None
    time: str | None
    split_by: Literal["seed", "hash"]
    folds: int | None
    class_weight: Literal["none", "balanced"]
    gate: Literal["stop", "warn"]
    image_size: str | int
    color: Literal["auto", "gray", "rgb"]
    augment: str
    skip_broken: bool
    noise: str | float | None
    patch_size: int | Literal["auto"]
    members: int
    max_epochs: int | Literal["auto"]
    batch_size: int | Literal["auto", "full"]
    optimizer: str
    learning_rate: Swept | Literal["usual", "auto"]
    sweep: bool
    schedule: str
    step_length: str
    momentum: Swept | None
    weight_decay: Swept | Literal["auto"]
    clip_norm: Swept | None
    ema: Swept | None
    dropout: Swept | None
    label_smoothing: Swept | None
    input_noise: Swept | None
    initializer_scale: Swept | None
    hidden: int | Sequence[int] | Literal["auto"]
    model: str
    layers: "str | Layer | Sequence[str | Layer] | None"
    activation: str
    initializer: str
    loss: str
    stop: "str | Rule"
    keep: Literal["best", "last"]
    member_batches: Literal["shared", "own"]
    shuffle: Literal["full", "block"]
    stream: Literal["auto", "yes", "no"]
    query: str | None
    seed: int
    engine: Literal["auto", "map", "threads", "vmap", "step"]
    on_divergence: Literal["stop", "restart"]
    checkpoint_every: str
    checkpoint_keep: int
    record: float | Literal["auto"]
