"""Peak memory of a training on more pictures than it may hold: `python -m benchmarks.memory_pictures --write`.

JPEG files are made in a folder for each class, then each job runs as a process of its own (see `memory`): the gate,
which decodes them, the training, predictions of every picture, and the same training from memory. `--write` puts the
figures into memory.md.
"""

import argparse
import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.memory import machine, run

SIDE = 128
CLASSES = ("blue", "green", "red", "stripes")
LAYERS = "conv 8 3x3 stride 4, relu, conv 16 3x3 stride 2, relu, globalpool, output"
SETTINGS = ["--layers", LAYERS, "--members", "1", "--image-size", str(SIDE), "--stop", "epochs(2)", "--epochs", "2"]
PAGE = Path(__file__).with_name("memory.md")
BEGIN, END = "<!-- pictures: by memory_pictures.py -->", "<!-- end of pictures -->"


def make_pictures(folder: Path, numbers: range) -> None:
    """Writes some of the pictures: soft random colors, in three classes with a tint, in the fourth with stripes."""
    for number in numbers:
        random, kind = np.random.default_rng(number), CLASSES[number % len(CLASSES)]
        coarse = random.integers(40, 200, (8, 8, 3), dtype=np.uint8)
        soft = np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(np.int16)
        if kind == "stripes":
            soft[:, ::8] -= 40
        else:
            soft[..., 2 - CLASSES.index(kind)] += 30
        Image.fromarray(np.clip(soft, 0, 255).astype(np.uint8)).save(folder / kind / f"{number:06d}.jpg", quality=90)


def make_all(folder: Path, gigabytes: float) -> int:
    """Writes so many pictures that they take so much decoded, and says how many that is."""
    count = -(-int(gigabytes * 1e9) // (SIDE * SIDE * 3))
    for kind in CLASSES:
        (folder / kind).mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(make_pictures, [folder] * 64, [range(start, count, 64) for start in range(64)]))
    return count


def measure(folder: Path, pictures: Path, count: int) -> str:
    """Runs every job; a table of what each took, and a sentence on whether disk and memory agree."""
    files = sum(file.stat().st_size for file in pictures.rglob("*.jpg")) / 1e9
    decoded = count * SIDE * SIDE * 3 / 1e9
    lines = [
        f"{count} JPEG files of {SIDE}x{SIDE} pixels in color, {files:.2f} GB, decoded {decoded:.2f} GB; {machine()}.",
        "",
        "| job | seconds | peak memory, GB |",
        "|---|---|---|",
    ]

    def job(what: str, words: list[str]) -> dict:
        told, seconds, peak = run(["talweg", *words, "--json"], folder)
        steady = f" ({told['run']['seconds']:.0f} s of it epochs)" if told["kind"] == "training" else ""
        lines.append(f"| {what}{steady} | {seconds:.0f} | {peak:.2f} |")
        print(lines[-1], flush=True)
        return told

    train = ["train", str(pictures), *SETTINGS]
    job("check: files read, decoded, looked over", ["check", str(pictures), "--image-size", str(SIDE), "--stream"])
    job("train from what was decoded", [*train, "--stream", "--out", "disk"])
    job("predict every picture", ["predict", "disk", str(pictures), "--out", "out.parquet", "--stream"])
    told = job("the same training from memory", [*train, "--no-stream", "--out", "memory"])
    same = all(
        (folder / "disk" / name).read_bytes() == (folder / "memory" / name).read_bytes()
        for name in ("params.safetensors", "evaluation.safetensors")
    )
    curves = [
        [{**json.loads(line), "seconds": 0} for line in (folder / name / "history.jsonl").read_text().splitlines()]
        for name in ("disk", "memory")
    ]
    cache = sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file()) / 1e9
    lines += [
        "",
        f"The cache takes {cache:.2f} GB. Params, curves and predictions of the parts, from disk and memory, equal",
        f"to the bit: {same and curves[0] == curves[1]}. Test accuracy {told['ensemble']['test']['accuracy']:.3f}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=4.2, help="What the pictures take once they are decoded.")
    parser.add_argument("--folder", type=Path, help="Where pictures and cache are made, and removed again.")
    parser.add_argument("--write", action="store_true", help="Put the figures into memory.md.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        pictures = Path(name) / "pictures"
        count = make_all(pictures, given.gigabytes)
        os.sync()
        text = measure(Path(name), pictures, count)
    print(text)
    if given.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
