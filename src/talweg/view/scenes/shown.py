"""A scene on the move, as a file or in a notebook: which kind of file is asked for is read from its name."""

import dataclasses
import html
from pathlib import Path
from typing import Any

from talweg.errors import ConfigError
from talweg.record.scene import Scene
from talweg.view.save import replacing
from talweg.view.scenes.animation import save_gif, save_mp4
from talweg.view.scenes.page import landscape_page


@dataclasses.dataclass(frozen=True)
class Shown:
    """A page that shows itself in a notebook, apart from the notebook's own scripts and styles."""

    page: str

    def __repr__(self) -> str:
        return f"<Shown: a page of {len(self.page) / 1000:.0f} kB>"

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{html.escape(self.page)}" style="width:100%;height:820px;border:0"></iframe>'


def animate(scene: Scene, path: str | Path | None = None, *, lang: str = "en", **options: Any) -> Any:
    """A film of the way down, or the interactive page.

    Args:
        scene: what is drawn.
        path: a file to write, ending in `.gif`, `.mp4` or `.html`; without one the result shows itself in a
            notebook.
        lang: the page's own words, ``"en"`` or ``"de"``.
        **options: of `view.animation.save_gif` or `save_mp4`.

    Returns:
        The path, or an object that a notebook shows as the interactive page.

    Raises:
        ConfigError: for a path that ends otherwise, or an option of films where it makes a page.
    """
    if path is None or Path(path).suffix == ".html":
        if options:
            raise ConfigError(f"{', '.join(options)} goes with films (.gif, .mp4), not with the page")
        page = landscape_page(scene, lang=lang)
        return Shown(page) if path is None else _written(page, path)
    if Path(path).suffix == ".mp4":
        return save_mp4(scene, path, **options)
    return save_gif(scene, path, **options)


def _written(page: str, path: str | Path) -> Path:
    with replacing(path, (".html",)) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Path(path)
