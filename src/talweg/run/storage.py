"""Where the user's stores and compiled programs are kept. What is in them is made elsewhere."""

import os
from pathlib import Path

import platformdirs

from talweg.data.large.cache import Cache


def cache() -> Cache:
    """The cache of prepared data: the folder in the variable TALWEG_CACHE, else one in the user's cache folder.

    Example:
        >>> import talweg as tw
        >>> tw.cache().limit > 0
        True
    """
    named = os.environ.get("TALWEG_CACHE")
    return Cache(Path(named).expanduser() if named else platformdirs.user_cache_path("talweg") / "data")
