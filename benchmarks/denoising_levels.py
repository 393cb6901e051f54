"""Denoising at other levels than 25, and in color, next to non-local means and BM3D, on photographs never seen.

python -m benchmarks.denoising_levels --photographs FOLDER --only gray     # one training for the levels 5 to 50
python -m benchmarks.denoising_levels --photographs FOLDER --only color   # one training at 25

Trained as `benchmarks/denoising.py` does (photographs of the folders and scikit-learn's two, at two scales, a tenth of
them to validate; the defaults of `talweg train PHOTOGRAPHS --noise ...`) for so many epochs, and tested on the same ten
photographs of scikit-image, those in color that have one. The gray network is told no level: it learns on all of them.
The two peers are told it; non-local means has the best of several strengths on the test pictures, which flatters it.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import talweg as tw
from benchmarks.denoising import SCALES, TEST, train
from benchmarks.measure import machine, table
from talweg.objective.likeness import psnr, ssim

COLOURED = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "rocket")
LEVELS = {"gray": (15, 25, 50), "color": (25,)}
TRAINED_ON = {"gray": "5..50", "color": "25"}
STRENGTHS = (0.5, 0.6, 0.7, 0.8)

Picture = np.ndarray
Way = Callable[[Picture, float], Picture]


def scaled(pixels: np.ndarray, mode: str, longest: int) -> Picture:
    """A photograph of 1 or 3 channels, its longer side at most so long."""
    image = Image.fromarray(pixels).convert(mode)
    factor = min(1.0, longest / max(image.size))
    size = (round(image.width * factor), round(image.height * factor))
    pixels = np.asarray(image.resize(size, Image.Resampling.LANCZOS) if factor < 1 else image)
    return pixels.reshape(*pixels.shape[:2], -1)


def training_photographs(folders: Sequence[Path], mode: str) -> list[Picture]:
    """Those of the folders and scikit-learn's two, at two scales."""
    from sklearn.datasets import load_sample_images

    files = [path for folder in folders for path in sorted(folder.iterdir())]
    found = [np.asarray(Image.open(path).convert("RGB")) for path in files if path.suffix.lower() in (".jpg", ".png")]
    found += [np.asarray(image) for image in load_sample_images().images]
    return [scaled(pixels, mode, longest) for pixels in found for longest in SCALES]


def test_photographs(mode: str) -> dict[str, Picture]:
    """scikit-image's, at most 512 pixels of each side."""
    import skimage.data

    names = TEST if mode == "L" else COLOURED
    return {name: scaled(getattr(skimage.data, name)(), mode, 10_000)[:512, :512] for name in names}


def non_local_means(strength: float) -> Way:
    from skimage.restoration import denoise_nl_means

    def way(noisy: Picture, sigma: float) -> Picture:
        share = sigma / 255
        told = {"patch_size": 5, "patch_distance": 6, "h": strength * share, "sigma": share, "fast_mode": True}
        return 255 * denoise_nl_means(noisy / 255, channel_axis=-1, **told)

    return way


def block_matching(noisy: Picture, sigma: float) -> Picture:
    import bm3d

    by = bm3d.bm3d if noisy.shape[-1] == 1 else bm3d.bm3d_rgb
    return 255 * by(noisy / 255, sigma / 255).reshape(noisy.shape)


def talweg_of(run: tw.Run) -> Way:
    return lambda noisy, _: tw.denoise(run, noisy[None].astype(np.float32))[0].pixels


def reached(way: Way, clean: dict[str, Picture], sigma: float) -> tuple[float, float]:
    """Mean PSNR and SSIM; the noise is the same for all."""
    generator = np.random.default_rng(2026)
    scores = []
    for picture in clean.values():
        found = np.clip(way(picture + sigma * generator.standard_normal(picture.shape), sigma), 0, 255)
        scores.append((psnr(found, picture), ssim(found, picture)))
    return tuple(np.mean(scores, axis=0).tolist())


def main() -> None:
    """Trains, judges, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, nargs="+", required=True)
    parser.add_argument("--only", choices=("gray", "color"), required=True)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("runs/levels"))
    asked = parser.parse_args()
    place, mode = machine(("jax", "scikit-image", "bm3d")), {"gray": "L", "color": "RGB"}[asked.only]
    photographs, noise = training_photographs(asked.photographs, mode), TRAINED_ON[asked.only]
    began, used = time.perf_counter(), time.process_time()
    run = train(photographs, 0, noise, asked.out, max_epochs=asked.epochs)
    seconds, processors = time.perf_counter() - began, time.process_time() - used
    steps = run.summary["training"]["steps_per_epoch"]
    print(f"{asked.epochs} epochs of {steps} steps, {run.summary['model']['params']:,} params;", end=" ")
    print(f"{seconds:.0f} s by the clock, {processors:.0f} s of processors. {place}.", flush=True)
    clean, rows = test_photographs(mode), []
    for sigma in LEVELS[asked.only]:
        means = [(reached(non_local_means(strength), clean, sigma), strength) for strength in STRENGTHS]
        scores = {
            "noisy": reached(lambda noisy, _: noisy, clean, sigma),
            "non-local means": max(means)[0],
            "BM3D": reached(block_matching, clean, sigma),
            "Talweg": reached(talweg_of(run), clean, sigma),
        }
        rows.append([asked.only, str(sigma), *(f"{p:.2f} / {s:.3f}" for p, s in scores.values()), f"{max(means)[1]}"])
        print(" | ".join(rows[-1]), flush=True)
    print(table(("", "noise", "noisy", "non-local means", "BM3D", "Talweg", "strength"), rows))


if __name__ == "__main__":
    main()
