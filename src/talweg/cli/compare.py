"""`talweg compare`: runs side by side, and whether their difference is more than noise. It does not import JAX."""

import webbrowser
from pathlib import Path

import click

from talweg.cli.output import json_option, put


@click.command()
@click.argument("run", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--lang", default="en", help="Language: en or de. [default: en]")
@click.option("--out", type=click.Path(path_type=Path), help="HTML file. [default: comparison.html]")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@json_option
def compare(run: tuple[Path, ...], lang: str, out: Path | None, show: bool, as_json: bool) -> None:
    """Put the runs in the folders RUN RUN ... side by side: settings that differ, curves, a paired comparison.

    No run is called better where the difference is within the noise of the starts or of the rows held back. Runs
    that differ in their seed alone are taken together.
    """
    from talweg.record.places import existing_run
    from talweg.record.writing import write_atomically
    from talweg.view.report.compared import comparison_page, verdict_words
    from talweg.view.telling.comparison import compare as side_by_side
    from talweg.view.telling.told import read_run
    from talweg.view.telling.wording import tongue

    say = tongue(lang)
    compared = side_by_side([read_run(existing_run(path)) for path in run])
    file = out or Path("comparison.html")
    write_atomically(file, comparison_page(compared, lang=lang).encode())
    if show:
        webbrowser.open(file.absolute().as_uri())
    said = [verdict_words(verdict, say) for verdict in compared.verdicts]
    put({**compared.to_dict(), "files": {"html": str(file)}}, lambda: "\n".join([*said, f"Written: {file}"]), as_json)
