"""How well a denoiser gets in so many minutes, next to non-local means and BM3D, on photographs it never saw.

python -m benchmarks.denoising --minutes 5 --photographs /usr/share/backgrounds/mate/nature

Trained on the folder given (Debian's mate-backgrounds has twelve large photographs of nature) and on the two that ship
with scikit-learn, gray, at most 960 pixels long, and once more at half that size; a tenth of them validates. Tested on
ten that ship with scikit-image. The minutes are those of the training, compilation included; how many epochs fit is
found by two epochs before, which do not count. Non-local means is scikit-image's, with the best of three strengths on
the test pictures themselves, which flatters it; BM3D is the package of its authors, told the noise.
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
from talweg.objective.likeness import psnr, ssim

SCALES = (960, 480)
TEST = ("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "rocket")
STRENGTHS = (0.6, 0.8, 1.0)

Scores = dict[str, list[dict[str, float]]]


def gray(pixels: np.ndarray, longest: int) -> np.ndarray:
    """A photograph in gray, its longer side at most so long."""
    image = Image.fromarray(pixels).convert("L")
    factor = min(1.0, longest / max(image.size))
    size = (round(image.width * factor), round(image.height * factor))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS) if factor < 1 else image)


def training_photographs(folder: Path) -> list[np.ndarray]:
    """Those of the folder and scikit-learn's two, at two scales."""
    from sklearn.datasets import load_sample_images

    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
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


def non_local_means(noisy: np.ndarray, sigma: float, strength: float, fast: bool) -> np.ndarray:
    from skimage.restoration import denoise_nl_means

    share = sigma / 255
    found = denoise_nl_means(
        noisy / 255, patch_size=5, patch_distance=6, h=strength * share, sigma=share, fast_mode=fast
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

    def quickly(strength: float) -> float:
        """The mean PSNR of non-local means in its fast version."""
        found = {name: non_local_means(noisy[name], sigma, strength, True) for name in clean}
        return float(np.mean([judged(found[name], clean[name])["psnr"] for name in clean]))

    best = max(STRENGTHS, key=quickly)
    told["non-local means"] = [judged(non_local_means(noisy[name], sigma, best, False), clean[name]) for name in clean]
    told["BM3D"] = [judged(block_matching(noisy[name], sigma), clean[name]) for name in clean]
    return told


def judged(found: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    pixels, reference = np.clip(found, 0, 255)[..., None], clean[..., None].astype(np.float64)
    return {"psnr": psnr(pixels, reference), "ssim": ssim(pixels, reference)}


def train(photographs: list[np.ndarray], minutes: float, sigma: float, out: Path, **settings: Any) -> tw.Run:
    """A denoiser that is trained for so many minutes, its schedule ending with them; or for the epochs given."""
    given: dict[str, Any] = {"noise": sigma, "split": "90/10", "members": 1, **settings}
    if "max_epochs" in given:
        return tw.train(photographs, **given, out=out, force=True)
    trial = tw.train(photographs, **given, max_epochs=2).summary["run"]
    epoch = trial["seconds"] - trial["first_epoch_seconds"]
    fitting = max(1, math.floor((60 * minutes - trial["first_epoch_seconds"]) / epoch))
    print(f"an epoch takes {epoch:.1f} s; {fitting} of them fit into {minutes:g} minutes", flush=True)
    return tw.train(photographs, **given, max_epochs=fitting, out=out, force=True)


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
    parser.add_argument("--photographs", type=Path, default=Path("/usr/share/backgrounds/mate/nature"))
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
    mine = [judged(tw.denoise(run, noisy[name].astype(np.float32))[0].pixels[..., 0], clean[name]) for name in clean]
    if asked.peers and asked.peers.exists():
        others = json.loads(asked.peers.read_text())
    else:
        others = peers(clean, noisy, asked.noise)
        if asked.peers:
            asked.peers.write_text(json.dumps(others))
    scores = {**others, f"Talweg, {asked.minutes:g} min": mine}
    means = {name: np.mean([one["psnr"] for one in each]) for name, each in scores.items()}
    ours = means[f"Talweg, {asked.minutes:g} min"]
    text = (
        f"# Denoising at noise {asked.noise:g}\n\n{__doc__.split(chr(10) * 2, 2)[2]}\n{place}.\n\n"
        f"Training: {run.summary['run']['seconds']:.0f} s{spent}; {run.summary['model']['params']:,} params, "
        f"{run.summary['members'][0]['epochs']} epochs of {run.summary['training']['steps_per_epoch']} steps.\n\n"
        f"{table(scores)}\n\n"
        f"Against non-local means {ours - means['non-local means']:+.2f} dB, "
        f"against BM3D {ours - means['BM3D']:+.2f} dB.\n"
    )
    print(text)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
