"""How well a denoiser gets in so many minutes, next to non-local means and BM3D, on photographs it never saw.

python -m benchmarks.denoising --minutes 5 --photographs /usr/share/backgrounds/mate/nature /usr/share/backgrounds

Trained on the folders given (Debian's mate-backgrounds has twelve large photographs of nature, lomiri-wallpapers-16.04
fifteen of all sorts) and on the two that ship with scikit-learn, gray, at most 960 pixels long, and once more at half
that size; a tenth of them validates. All else is what `talweg train PHOTOGRAPHS --noise 25` takes by default. Tested on
ten photographs that ship with scikit-image. The minutes are those of the training, compilation included; how many
epochs fit is found by a short training before, which does not count. Non-local means is scikit-image's, with the
best of several patches, distances and strengths on the test pictures themselves, which flatters it; BM3D is the
package of its authors, told the noise. The self-ensemble is the mean over the picture turned and mirrored in all eight
ways (`talweg denoise --self-ensemble`). Optimizer, batch and kind of network were chosen by trainings of a minute,
judged on seven pictures that are neither trained on nor tested here; the network's size was not tried out.
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import talweg as tw
from benchmarks.measure import machine
from talweg.config.settings import make_settings
from talweg.objective.likeness import psnr, ssim
from talweg.run.build import build

SCALES = (960, 480)
TEST = ("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "rocket")
STRENGTHS = (0.5, 0.6, 0.7, 0.8, 1.0, 1.2)
PATCHES = ((5, 6), (7, 11))
"""Sides and distances of the patches of non-local means: scikit-image's example, and those of Buades et al. 2005."""
TRIAL = 6
"""Corners of so many training pictures tell how long a step takes."""

Scores = dict[str, list[dict[str, float]]]
Way = tuple[int, int, float, bool]  # of non-local means: patch, distance, strength, whether in its fast version


def gray(pixels: np.ndarray, longest: int) -> np.ndarray:
    """A photograph in gray, its longer side at most so long."""
    image = Image.fromarray(pixels).convert("L")
    factor = min(1.0, longest / max(image.size))
    size = (round(image.width * factor), round(image.height * factor))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS) if factor < 1 else image)


def training_photographs(folders: list[Path]) -> list[np.ndarray]:
    """Those of the folders and scikit-learn's two, at two scales."""
    from sklearn.datasets import load_sample_images

    every = [path for folder in folders for path in sorted(folder.iterdir())]
    files = [path for path in every if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    found = [np.asarray(Image.open(path).convert("RGB")) for path in files]
    found += [np.asarray(image) for image in load_sample_images().images]
    return [gray(pixels, longest) for pixels in found for longest in SCALES]


def test_photographs() -> dict[str, np.ndarray]:
    """scikit-image's, at their own sizes, at most 512 pixels of each side."""
    import skimage.data

    found = {name: gray(getattr(skimage.data, name)(), 10_000) for name in TEST}
    return {name: pixels[:512, :512] for name, pixels in found.items()}


def noisy_versions(clean: dict[str, np.ndarray], sigma: float) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(2026)
    return {name: pixels + sigma * generator.standard_normal(pixels.shape) for name, pixels in clean.items()}


def non_local_means(noisy: np.ndarray, sigma: float, way: Way) -> np.ndarray:
    from skimage.restoration import denoise_nl_means

    side, distance, strength, fast = way
    share = sigma / 255
    found = denoise_nl_means(
        noisy / 255, patch_size=side, patch_distance=distance, h=strength * share, sigma=share, fast_mode=fast
    )
    return 255 * found


def block_matching(noisy: np.ndarray, sigma: float) -> np.ndarray:
    import bm3d

    return 255 * bm3d.bm3d(noisy / 255, sigma_psd=sigma / 255)


def peers(
    clean: dict[str, np.ndarray], noisy: dict[str, np.ndarray], sigma: float
) -> dict[str, list[dict[str, float]]]:
    """What the other methods reach on each picture."""
    told: Scores = {"noisy": [judged(noisy[name], clean[name]) for name in clean]}

    def reached(way: Way) -> float:
        """The mean PSNR of non-local means."""
        found = {name: non_local_means(noisy[name], sigma, way) for name in clean}
        return float(np.mean([judged(found[name], clean[name])["psnr"] for name in clean]))

    # The slow version weighs patches by a Gaussian; it takes ten times as long, and is tried at the best patch alone.
    quick = max(((*patch, strength, True) for patch in PATCHES for strength in STRENGTHS), key=reached)
    best = max((quick, *((*quick[:2], strength, False) for strength in STRENGTHS)), key=reached)
    print(f"non-local means is best with patch, distance, strength, in its fast version: {best}", flush=True)
    told["non-local means"] = [judged(non_local_means(noisy[name], sigma, best), clean[name]) for name in clean]
    told["BM3D"] = [judged(block_matching(noisy[name], sigma), clean[name]) for name in clean]
    return told


def denoised(run: tw.Run, noisy: np.ndarray, self_ensemble: bool) -> np.ndarray:
    (found,) = tw.denoise(run, noisy.astype(np.float32), self_ensemble=self_ensemble)
    return found.pixels[..., 0]


def judged(found: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    pixels, reference = np.clip(found, 0, 255)[..., None], clean[..., None].astype(np.float64)
    return {"psnr": psnr(pixels, reference), "ssim": ssim(pixels, reference)}


def train(photographs: list[np.ndarray], minutes: float, sigma: float, out: Path, **settings: Any) -> tw.Run:
    """A denoiser that is trained for so many minutes, its schedule ending with them; or for the epochs given."""
    given: dict[str, Any] = {"noise": sigma, "split": "90/10", "members": 1, **settings}
    if "max_epochs" in given:
        return tw.train(photographs, **given, out=out, force=True)
    few = [picture[:256, :256] for picture in photographs[:: max(1, len(photographs) // TRIAL)]]
    trial = tw.train(few, **given, max_epochs=2).summary
    first = trial["run"]["first_epoch_seconds"]
    step = (trial["run"]["seconds"] - first) / trial["training"]["steps_per_epoch"]
    epoch = step * steps_of(photographs, given)
    fitting = max(1, math.floor((60 * minutes - first) / epoch))
    print(f"an epoch takes some {epoch:.1f} s; {fitting} of them fit into {minutes:g} minutes", flush=True)
    return tw.train(photographs, **given, max_epochs=fitting, out=out, force=True)


def steps_of(photographs: list[np.ndarray], given: dict[str, Any]) -> int:
    """How many steps an epoch of all photographs has."""
    settings = make_settings({"source": "photographs", **given, "noise": str(given["noise"])})
    return build(settings, photographs).job.steps_per_epoch


def table(scores: Scores) -> str:
    """PSNR of each picture by each method, and the means."""
    names = list(scores)
    lines = [f"| picture | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    for place, picture in enumerate(TEST):
        values = [f"{scores[name][place]['psnr']:.2f}" for name in names]
        lines.append(f"| {picture} | {' | '.join(values)} |")
    for metric, digits in (("psnr", 2), ("ssim", 4)):
        means = [f"{np.mean([one[metric] for one in scores[name]]):.{digits}f}" for name in names]
        lines.append(f"| **mean {metric.upper()}** | {' | '.join(means)} |")
    return "\n".join(lines)


def main() -> None:
    """Trains, judges, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--photographs", type=Path, nargs="+", default=[Path("/usr/share/backgrounds/mate/nature")])
    parser.add_argument("--noise", type=float, default=25)
    parser.add_argument("--out", type=Path, default=Path("runs/denoising"))
    parser.add_argument("--run", type=Path, help="A run to judge, in place of a training.")
    parser.add_argument("--peers", type=Path, help="File that keeps what the others reach.")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="changes")
    asked = parser.parse_args()
    place = machine()
    clean = test_photographs()
    noisy = noisy_versions(clean, asked.noise)
    began, used = time.perf_counter(), time.process_time()
    settings = dict(change.split("=", 1) for change in asked.changes)
    if asked.run:
        run = tw.open_run(asked.run)
    else:
        run = train(training_photographs(asked.photographs), asked.minutes, asked.noise, asked.out, **settings)
    wall, processors = time.perf_counter() - began, time.process_time() - used
    spent = "" if asked.run else f" ({wall:.0f} s and {processors:.0f} s of processors with reading and trial)"
    mine = {way: [judged(denoised(run, noisy[name], way), clean[name]) for name in clean] for way in (False, True)}
    if asked.peers and asked.peers.exists():
        others = json.loads(asked.peers.read_text())
    else:
        others = peers(clean, noisy, asked.noise)
        if asked.peers:
            asked.peers.write_text(json.dumps(others))
    name = f"Talweg, {asked.minutes:g} min"
    scores = {**others, name: mine[False], "its self-ensemble": mine[True]}
    means = {name: np.mean([one["psnr"] for one in each]) for name, each in scores.items()}
    text = (
        f"# Denoising at noise {asked.noise:g}\n\n{__doc__.split(chr(10) * 2, 2)[2]}\n{place}.\n\n"
        f"Training: {run.summary['run']['seconds']:.0f} s{spent}; {run.summary['model']['params']:,} params, "
        f"{run.summary['members'][0]['epochs']} epochs of {run.summary['training']['steps_per_epoch']} steps.\n\n"
        f"{table(scores)}\n\n"
        f"Against non-local means {means[name] - means['non-local means']:+.2f} dB, "
        f"against BM3D {means[name] - means['BM3D']:+.2f} dB; the self-ensemble against BM3D "
        f"{means['its self-ensemble'] - means['BM3D']:+.2f} dB.\n"
    )
    print(text)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
