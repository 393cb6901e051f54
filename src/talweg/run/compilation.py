"""Where compiled programs are kept between processes, so that the second start is quick. Nothing is compiled here."""

import contextlib
import os
from typing import Any

import jax
import platformdirs


def keep_compilations() -> None:
    """Turns JAX's persistent compilation cache on, unless the user has set one.

    The cache lies in the user's cache folder. A folder that cannot be written costs only time: JAX, which would
    warn at every program, is not told of it.
    """
    config: Any = jax.config
    if config.jax_compilation_cache_dir or "JAX_ENABLE_COMPILATION_CACHE" in os.environ:
        return
    with contextlib.suppress(OSError):
        folder = platformdirs.user_cache_path("talweg", ensure_exists=True) / "compiled"
        folder.mkdir(exist_ok=True)
        if not os.access(folder, os.W_OK):
            return
        config.update("jax_compilation_cache_dir", str(folder))
        config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        config.update("jax_persistent_cache_min_entry_size_bytes", 0)
