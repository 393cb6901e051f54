"""The report's files: which there are for a run folder, and what of the folder goes into them."""

import json
from pathlib import Path

from talweg.record.folder import MAPS, RunFolder
from talweg.record.seals import intact, write_sealed
from talweg.record.writing import make_folder
from talweg.view.report.card import model_card
from talweg.view.report.document import report_json
from talweg.view.report.page import report_page
from talweg.view.scenes.page import element_of_page
from talweg.view.telling.told import Told, read_run

FORMS = ("html", "md", "json")


def write_report(
    folder: RunFolder, lang: str = "en", out: Path | None = None, forms: tuple[str, ...] = ("html",)
) -> dict[str, Path]:
    """Writes a run's report from its folder.

    Args:
        folder: the run's.
        lang: ``"en"`` or ``"de"``.
        out: where to; the run folder if absent.
        forms: of ``html`` (the page), ``md`` (the model card) and ``json``.

    Returns:
        The files by their form. English ones are called ``report``, German ones ``report.de``.

    Raises:
        RunFolderError: if the run did not come to its end, or a file is damaged or cannot be written.
        ConfigError: when there is no catalogue for the language.
    """
    return write_told(read_run(folder), out or folder.path, lang, forms, newest_map(folder.path, lang))


def write_told(told: Told, out: Path, lang: str, forms: tuple[str, ...], landscape: str = "") -> dict[str, Path]:
    """Writes a report of what is told, whether or not there is a run folder (see `write_report`)."""
    make_folder(out)
    name = "report" if lang == "en" else f"report.{lang}"
    files = {form: out / f"{name}.{form}" for form in forms}
    for form, path in files.items():
        write_sealed(path, _text(told, landscape, form, lang).encode())
    return files


def _text(told: Told, landscape: str, form: str, lang: str) -> str:
    if form == "html":
        return report_page(told, lang=lang, landscape=landscape)
    if form == "md":
        return model_card(told, lang=lang)
    return json.dumps(report_json(told, lang=lang), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def newest_map(folder: Path, lang: str) -> str:
    """The run's newest map as an element to be put into a page; nothing if none was made, or it is damaged."""
    pages = sorted((folder / MAPS).glob("*.html"), key=lambda path: path.stat().st_mtime)
    for page in reversed(pages):
        content = page.read_bytes()
        if intact(folder, f"{MAPS}/{page.name}", content):
            element = element_of_page(content.decode(errors="replace"), lang=lang)
            if element:
                return element
    return ""
