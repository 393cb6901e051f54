"""`talweg denoise`: a denoising run applied to photographs of any size."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, put
from talweg.cli.pictures import file_for, require_apart, require_new, require_place, write_file
from talweg.cli.predict import parse_member

if TYPE_CHECKING:
    from talweg.run.pictures.denoising import Denoised


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="File to write, or a folder.")
@click.option("--reference", type=click.Path(path_type=Path), help="What it should look like: for PSNR and SSIM.")
@click.option("--spread", type=click.Path(path_type=Path), help="Also write where the members disagree, as a picture.")
@click.option("--member", default="ensemble", help="'ensemble', 'best', or a member's number. [default: ensemble]")
@click.option(
    "--self-ensemble", is_flag=True, help="Average over turned and mirrored pictures: better, 8 times as long."
)
@click.option("--skip-broken", is_flag=True, help="Leave broken pictures out; they are named.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@json_option
def denoise(
    run: Path,
    source: Path,
    out: Path,
    reference: Path | None,
    spread: Path | None,
    member: str,
    self_ensemble: bool,
    skip_broken: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Take the noise away from SOURCE, a photograph or a folder of them, with the run in folder RUN.

    Pictures of any size are cut into tiles that overlap; of a folder one is in memory at a time. Pictures of more than
    8 bits stay so, if they are gray.
    """
    chosen = parse_member(member)
    folder = source.is_dir()
    require_apart(out, spread, "--spread")
    for place in filter(None, (out, spread)):
        require_place(place, folder, force)
    from talweg.run.pictures.denoising import denoise_each

    told = []
    for one in denoise_each(
        run,
        source,
        reference,
        chosen,
        skip_broken,
        self_ensemble,
        named=lambda names: require_new((out, spread), names, force) if folder else None,
        note=lambda sentence: click.echo(f"Note: {sentence}", err=True),
    ):
        file = file_for(out, one.name, folder)
        _write(file, one.pixels, one.deep)
        if spread is not None:
            top = float(one.spread.max())
            _write(file_for(spread, one.name, folder), one.spread * (255 / top if top > 0 else 1.0), False)
        told.append(_plain(one, file))
    content = {
        "version": 1,
        "kind": "denoising",
        "run": str(run),
        "member": member,
        "self_ensemble": self_ensemble,
        "pictures": told,
    }

    def text() -> Any:
        from talweg.view.terminal.pictures import denoised_text

        return denoised_text(content)

    put(content, text, as_json)


def _write(file: Path, pixels: Any, deep: bool) -> None:
    from talweg.data.images.save import save_picture

    write_file(file, save_picture(pixels, "png" if file.suffix.lower() == ".png" else "tiff", deep))


def _plain(one: "Denoised", file: Path) -> dict[str, Any]:
    from talweg.record.plain import plain_data

    height, width = one.pixels.shape[:2]
    return {
        "picture": one.name,
        "file": str(file),
        "height": height,
        "width": width,
        "spread": float(one.spread.mean()),
        "done": list(one.done),
        "noisy": plain_data(one.before) or None,
        "denoised": plain_data(one.after) or None,
    }
