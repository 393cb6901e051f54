"""`talweg segment`: the masks of pictures of any size, drawn by a run that learned them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, put
from talweg.cli.pictures import file_for, require_apart, require_new, require_place, write_file
from talweg.cli.predict import parse_member

if TYPE_CHECKING:
    from talweg.run.pictures.segmenting import Segmented


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="PNG file to write, or a folder.")
@click.option("--reference", type=click.Path(path_type=Path), help="The true mask, or a folder of them: for mean IoU.")
@click.option("--sure", type=click.Path(path_type=Path), help="Also write how sure it is of each pixel, as a picture.")
@click.option("--member", default="ensemble", help="'ensemble', 'best', or a member's number. [default: ensemble]")
@click.option("--skip-broken", is_flag=True, help="Leave broken pictures out; they are named.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@json_option
def segment(
    run: Path,
    source: Path,
    out: Path,
    reference: Path | None,
    sure: Path | None,
    member: str,
    skip_broken: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Draw the mask of SOURCE, a picture or a folder of them, with the run in folder RUN.

    A mask holds the values that the masks of training held. Pictures of any size are cut into tiles that overlap, the
    members' probabilities averaged; of a folder one is in memory at a time. With --sure, white is a probability of 1.
    """
    chosen = parse_member(member)
    folder = source.is_dir()
    require_apart(out, sure, "--sure")
    require_place(out, folder, force, (".png",))
    if sure is not None:
        require_place(sure, folder, force)
    from talweg.data.images.save import save_picture
    from talweg.run.pictures.segmenting import segment_each

    told = []
    for one in segment_each(
        run,
        source,
        reference,
        chosen,
        skip_broken,
        named=lambda names: require_new((out, sure), names, force) if folder else None,
        note=lambda sentence: click.echo(f"Note: {sentence}", err=True),
    ):
        file = file_for(out, one.name, folder)
        write_file(file, one.png())
        if sure is not None:
            write_file(file_for(sure, one.name, folder), save_picture(255 * one.sure[..., None]))
        told.append(_plain(one, file))
    content = {"version": 1, "kind": "segmentation", "run": str(run), "member": member, "pictures": told}

    def text() -> Any:
        from talweg.view.terminal.pictures import segmented_text

        return segmented_text(content)

    put(content, text, as_json)


def _plain(one: "Segmented", file: Path) -> dict[str, Any]:
    from talweg.record.plain import plain_data

    height, width = one.mask.shape
    return {
        "picture": one.name,
        "file": str(file),
        "height": height,
        "width": width,
        "shares": one.shares,
        "sure": float(one.sure.mean()),
        "apart": float(one.apart.mean()),
        "done": list(one.done),
        "reference": plain_data(one.scores) or None,
    }
