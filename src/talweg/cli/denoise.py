"""`talweg denoise`: a denoising run applied to photographs of any size."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, put
from talweg.cli.predict import parse_member
from talweg.errors import ConfigError, DataError

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

    Pictures of any size are cut into tiles that overlap. Pictures of more than 8 bits stay so, if they are gray.
    """
    chosen = parse_member(member)
    folder = source.is_dir()
    for place in filter(None, (out, spread)):
        _require_place(place, folder, force)
    from talweg.run.pictures.denoising import denoise as take_away

    found = take_away(run, source, reference, chosen, skip_broken, self_ensemble)
    files = [_path(out, one.name, folder) for one in found]
    taken = [file for file in files if file.exists() and not force]
    if taken:
        raise ConfigError(f"{taken[0]} exists already; name another folder, or replace it with --force")
    for one, file in zip(found, files, strict=True):
        _write(file, one.pixels, one.deep)
        if spread is not None:
            top = float(one.spread.max())
            _write(_path(spread, one.name, folder), one.spread * (255 / top if top > 0 else 1.0), False)
    content = {
        "version": 1,
        "kind": "denoising",
        "run": str(run),
        "member": member,
        "self_ensemble": self_ensemble,
        "pictures": [_plain(one, file) for one, file in zip(found, files, strict=True)],
    }

    def text() -> Any:
        from talweg.view.pictures import denoised_text

        return denoised_text(content)

    put(content, text, as_json)


def _require_place(place: Path, folder: bool, force: bool) -> None:
    if folder and place.is_file():
        raise ConfigError(f"{place} is a file; a folder of pictures is written to a folder")
    if not folder and place.suffix.lower() not in (".png", ".tif", ".tiff"):
        raise ConfigError(f"pictures are written as .png or .tif, not as {place.suffix or 'a file without suffix'}")
    if not folder and place.exists() and not force:
        raise ConfigError(f"{place} exists already; name another file, or replace it with --force")
    if not folder and not place.absolute().parent.is_dir():
        raise DataError(f"{place.parent} is no folder; make it first")


def _path(out: Path, name: str, folder: bool) -> Path:
    return (out / name).with_suffix(".png") if folder else out


def _write(file: Path, pixels: Any, deep: bool) -> None:
    from talweg.data.images.load import save_picture
    from talweg.record.writing import make_folder, write_atomically

    make_folder(file.parent)
    write_atomically(file.absolute(), save_picture(pixels, "tiff" if file.suffix.lower() != ".png" else "png", deep))


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
