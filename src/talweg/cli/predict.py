"""`talweg predict`: a run applied to new rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from talweg.cli.output import json_option, put
from talweg.errors import ConfigError, DataError

if TYPE_CHECKING:
    from talweg.run.prediction import Chosen


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("source")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="CSV or Parquet file to write. [default: CSV to standard output]",
)
@click.option("--member", default="ensemble", help="'ensemble', 'best', or a member's number. [default: ensemble]")
@click.option("--skip-broken", is_flag=True, help="Leave broken pictures out; they are named.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.option("--stream/--no-stream", "stream", default=None, help="Read what is new from disk. [default: if too many]")
@click.option("--query", help="The SQL query, where SOURCE is a database such as postgresql://... or env:NAME.")
@json_option
def predict(
    run: Path,
    source: str,
    out: Path | None,
    member: str,
    skip_broken: bool,
    force: bool,
    stream: bool | None,
    query: str | None,
    as_json: bool,
) -> None:
    """Predict the rows of SOURCE with the run in folder RUN.

    The columns are prediction, p_<class> for each class, and spread: how far the members disagree. The rows keep
    their order.
    """
    if out is not None and out.exists() and not force:
        raise ConfigError(f"{out} exists already; name another file, or replace it with --force")
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise ConfigError(
            f"predictions are written as .csv or .parquet, not as {out.suffix or 'a file without suffix'}"
        )
    chosen = parse_member(member)
    if out is not None and not out.absolute().parent.is_dir():
        raise DataError(f"{out.parent} is no folder; make it first")
    from talweg.run.streaming.predicting import joined, predictions_of, write_frames, write_predictions
    from talweg.run.written import open_run

    wanted: Any = "auto" if stream is None else "yes" if stream else "no"
    predictions = predictions_of(
        open_run(run),
        source,
        chosen,
        query,
        wanted,
        skip_broken,
        note=lambda note: click.echo(f"Note: {note}", err=True),
    )
    content = {"version": 1, "kind": "prediction", "run": str(run), "member": member}
    if out is not None:
        told = write_predictions(predictions, out.absolute())
        content |= {"rows": told.rows, "notes": list(told.notes), "file": str(out)}
    elif as_json:
        whole = joined(list(predictions))
        content |= {"rows": len(whole.values), "notes": list(whole.notes), "file": None}
        content["columns"] = {name: values.tolist() for name, values in whole.columns().items()}
    else:
        write_frames(
            predictions, lambda frame, first: click.echo(frame.write_csv(include_header=first).encode(), nl=False)
        )
        return
    put(content, lambda: f"{content['rows']} predictions written to {out}.", as_json)


def parse_member(word: str) -> "Chosen":
    """Whose prediction is meant.

    Raises:
        ConfigError: a word that is neither 'ensemble' nor 'best' nor a number.
    """
    if not word.isdecimal() and word not in ("ensemble", "best"):
        raise ConfigError(f"--member is 'ensemble', 'best' or a member's number, got {word!r}")
    return int(word) if word.isdecimal() else cast("Chosen", word)
