"""The interactive page of a landscape with hikers: one HTML file that needs nothing else. What it draws is `packing`'s.

The drawing itself is one module for browsers; its source is ``web/``, and the built files lie in ``view/static``. It
defines the element ``<talweg-landscape>``, which keeps its styles and ids to itself: any number of maps can stand on
one page, in a report, the studio or a notebook.
"""

import functools
import html
import importlib.resources
import json
import re
import string

from talweg.errors import ConfigError
from talweg.record.scene import Scene
from talweg.view.scenes.packing import deflated, pack_scene

_PAGE = string.Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 1rem; max-width: 84rem; background: light-dark(#fff, #15181c); }
@media (max-width: 40rem) { body { padding: 0.5rem; } }
@media print { :root { color-scheme: light; } body { padding: 0; } }
</style>
</head>
<body>
<main>
$element
</main>
$assets
</body>
</html>
""")


def landscape_page(scene: Scene, *, lang: str = "en") -> str:
    """A whole page that works offline: map, player, loss curves, table and the mountain in 3-D.

    Args:
        scene: what is drawn; all text in it is shown as text, whatever it holds.
        lang: language of the page's own words, ``"en"`` or ``"de"``.

    Returns:
        HTML, below 1 MB for 64 hikers and 1000 steps; it asks no server for anything.

    Raises:
        ConfigError: when there is no catalog for the language.
    """
    return _PAGE.substitute(
        lang=lang,
        title=html.escape(scene.title or words(lang)["landscape"]),
        element=landscape_element(scene, lang=lang),
        assets=landscape_assets(),
    )


def landscape_element(scene: Scene, *, lang: str = "en") -> str:
    r"""One map to be put into a page of one's own, beside `landscape_assets` once.

    Args:
        scene: what is drawn.
        lang: language of the element's own words, ``"en"`` or ``"de"``.

    Returns:
        HTML of one ``<talweg-landscape>`` with its data inside.

    Raises:
        ConfigError: when there is no catalog for the language.

    Example:
        >>> import numpy as np
        >>> x = y = np.linspace(-2, 2, 21)
        >>> bowl = Scene(
        ...     x, y, x**2 + y[:, None] ** 2, paths=np.zeros((0, 1, 2)), path_heights=np.zeros((0, 1)),
        ...     path_lengths=np.zeros(0, dtype=int), outcomes=(), outcome_kinds=(), frames=np.array([0]),
        ... )
        >>> landscape_element(bowl)[:28]
        '<talweg-landscape lang="en">'
    """
    return _element(scene.title, pack_scene(scene), lang)


def element_of_page(page: str, *, lang: str = "en") -> str:
    """The map of a page that `landscape_page` made, to be put into another page; empty if there is none.

    What stands in the page is read as data and written anew, so that no other part of it gets through.
    """
    found = _PACKED.search(page)
    try:
        packed = json.loads(found[1]) if found else None
    except ValueError:
        return ""
    return _element(str(packed.get("title", "")), packed, lang) if isinstance(packed, dict) else ""


_PACKED = re.compile(r'<talweg-landscape[^>]*>.*?<script type="application/json">(.*?)</script>', re.DOTALL)


def _element(title: str, packed: object, lang: str) -> str:
    unavailable, title = html.escape(words(lang)["noScript"]), html.escape(title)
    return (
        f'<talweg-landscape lang="{lang}">\n<noscript><p>{title}</p><p>{unavailable}</p></noscript>\n'
        f'<script type="application/json">{_inert(packed)}</script>\n</talweg-landscape>'
    )


def landscape_assets(*, nonce: str = "") -> str:
    """The script behind every map of a page; once a page is enough, several times do no harm.

    The part for 3-D is carried as compressed text and becomes a program only when someone opens it.

    Args:
        nonce: what a page with a content security policy lets its scripts be known by; scripts are all that has to
            be allowed.

    Returns:
        HTML of two script elements.

    Example:
        >>> landscape_assets(nonce="r4nd0m").count("<script")
        2
    """
    mark = f' nonce="{html.escape(nonce)}"' if nonce else ""
    return (
        f'<script type="text/plain" data-talweg="mountain">{_mountain()}</script>\n'
        f"<script{mark}>{_static('landscape.js')}</script>"
    )


def words(lang: str) -> dict[str, str]:
    """The page's own words in one language.

    Args:
        lang: ``"en"`` or ``"de"``.

    Returns:
        The catalog that the browser uses as well.

    Raises:
        ConfigError: when there is none.

    Example:
        >>> words("de")["play"]
        'Abspielen'
    """
    catalogs = json.loads(_static("words.json"))
    if lang not in catalogs:
        raise ConfigError(f"expected a page's language to be one of {', '.join(sorted(catalogs))}, got {lang!r}")
    return catalogs[lang]


@functools.cache
def _mountain() -> str:
    """The part for 3-D as compressed text."""
    return deflated(_static("mountain.js").encode())


@functools.cache
def _static(name: str) -> str:
    """One of the files that the page is built from."""
    return importlib.resources.files("talweg.view").joinpath("static", name).read_text(encoding="utf-8")


def _inert(content: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
