"""How the learning rate changes over the steps: each schedule a factor of it, as Optax makes it."""

from collections.abc import Callable

import optax

SCHEDULES: dict[str, Callable[[int], optax.Schedule]] = {
    "constant": lambda steps: optax.constant_schedule(1.0),
    "cosine": lambda steps: optax.cosine_decay_schedule(1.0, steps),
}
"""What the learning rate is multiplied with at each step of so many (cosine: Loshchilov & Hutter 2017)."""
