"""`talweg predict`: a run applied to new rows."""

from pathlib import Path

import click

from talweg.cli.output import json_option, put
from talweg.errors import ConfigError, DataError


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
@json_option
def predict(
    run: Path, source: str, out: Path | None, member: str, skip_broken: bool, force: bool, as_json: bool
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
    from talweg.run.result import open_run

    prediction = open_run(run).predict(source, chosen, skip_broken)  # type: ignore[arg-type]
    for note in prediction.notes:
        click.echo(f"Note: {note}", err=True)
    if out is None and not as_json:
        click.echo(prediction.frame().write_csv(), nl=False)
        return
    if out is not None:
        _write(prediction.frame(), out)
    content = {
        "version": 1,
        "kind": "prediction",
        "run": str(run),
        "member": member,
        "rows": len(prediction.values),
        "notes": list(prediction.notes),
        "file": str(out) if out else None,
    }
    if out is None:
        content["columns"] = {name: values.tolist() for name, values in prediction.columns().items()}
    put(content, lambda: f"{len(prediction.values)} predictions written to {out}.", as_json)


def parse_member(word: str) -> str | int:
    """Whose prediction is meant.

    Raises:
        ConfigError: a word that is neither 'ensemble' nor 'best' nor a number.
    """
    if not word.isdecimal() and word not in ("ensemble", "best"):
        raise ConfigError(f"--member is 'ensemble', 'best' or a member's number, got {word!r}")
    return int(word) if word.isdecimal() else word


def _write(frame: object, out: Path) -> None:
    import io

    from talweg.record.folder import write_atomically

    buffer = io.BytesIO()
    getattr(frame, "write_parquet" if out.suffix == ".parquet" else "write_csv")(buffer)
    if not out.absolute().parent.is_dir():
        raise DataError(f"{out.parent} is no folder; make it first")
    write_atomically(out.absolute(), buffer.getvalue())
