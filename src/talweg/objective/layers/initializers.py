"""How weights are drawn, by name. Biases start at 0, scales at 1: that stands with the layers."""

from collections.abc import Callable

import jax
from jaxtyping import Array

INITIALIZERS: dict[str, Callable[..., Array]] = {
    "glorot_uniform": jax.nn.initializers.glorot_uniform(),
    "glorot_normal": jax.nn.initializers.glorot_normal(),
    "he_uniform": jax.nn.initializers.he_uniform(),
    "he_normal": jax.nn.initializers.he_normal(),
    "lecun_uniform": jax.nn.initializers.lecun_uniform(),
    "lecun_normal": jax.nn.initializers.lecun_normal(),
    "orthogonal": jax.nn.initializers.orthogonal(),
    "zeros": jax.nn.initializers.zeros,
}
"""How weights are drawn, by name (Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014).

The last two axes of a kernel are its inputs and outputs; those before them, its places, count to both.
"""
