"""Processes that train or map are killed at random instants and started again; the end must be as if they had not been.

Usage: nice python -m benchmarks.faults [--kills N] [--seed N]

Writes its figures to `docs/reliability.md`. A part of it is `tests/run/test_kills.py`. Each process is a fresh one,
forked from a server that has imported Talweg and nothing more, and is ended by SIGKILL.
"""

import argparse
import contextlib
import dataclasses
import json
import multiprocessing
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["talweg.run.api", "talweg.run.surveying.mapping", "talweg.view.report"])

RUNS: dict[str, dict[str, Any]] = {
    "AdamW, cosine, best params": {"checkpoint_every": "1 epochs"},
    "momentum, own batches, last params": {
        "optimizer": "momentum",
        "member_batches": "own",
        "keep": "last",
        "checkpoint_every": "1 epochs",
    },
    "checkpoints within epochs": {"batch_size": 1, "max_epochs": 60, "checkpoint_every": "20 steps"},
    "members that stop early": {
        "stop": "no_improvement(validation_loss, patience=15) or flat(train_loss, 0.001, patience=3)",
        "schedule": "constant",
        "checkpoint_every": "3 epochs",
    },
    "members that diverge and are restarted": {
        "optimizer": "sgd",
        "learning_rate": 1e6,
        "on_divergence": "restart",
        "checkpoint_every": "1 epochs",
    },
    "pictures, augmented, with batch statistics": {
        "source": "pictures.npz",
        "hidden": "auto",
        "layers": "conv 4 3x3, batchnorm, relu, maxpool 2, flatten, output",
        "augment": "flip, shift 1",
        "max_epochs": 12,
        "members": 2,
    },
    "a table on disk": {"source": "table.csv", "stream": "yes", "member_batches": "own"},
}
"""What is trained, by what is special about it."""
COMMON = {"source": "iris", "hidden": (8,), "members": 3, "max_epochs": 150, "checkpoint_every": "1 epochs"}
SAME_BYTES = ("params.safetensors", "trajectory.safetensors", "evaluation.safetensors", "preparation.json", "split.npy")


def write_sources(place: Path) -> None:
    """Writes the sources that are files: pictures brighter on their left or on their right, and a table."""
    import numpy as np

    drawn = np.random.default_rng(0)
    label, pixels = np.arange(160) % 2, drawn.integers(0, 120, (160, 8, 8))
    pixels[label == 0, :, :4] += 100
    pixels[label == 1, :, 4:] += 100
    np.savez(place / "pictures.npz", images=pixels.astype(np.uint8), labels=label)
    table = drawn.normal(size=(300, 4))
    lines = [",".join(f"{value:.4f}" for value in (*row, row[0] - row[1] ** 2)) for row in table]
    (place / "table.csv").write_text("\n".join(["a,b,c,d,y", *lines]) + "\n")


def train_or_resume(folder: Path, settings: dict[str, Any]) -> None:
    """What a killed process does when it is started again."""
    from talweg.config.settings import make_settings
    from talweg.record.folder import RunFolder
    from talweg.run.api import resume_run, train_settings

    run = RunFolder(folder)
    if run.holds_run() and not run.finished():
        resume_run(folder, {})
    elif not run.finished():
        train_settings(make_settings({**COMMON, **settings}), None, folder)


def draw_map(run: Path) -> None:
    """Makes a run's map, and writes what is computed of it after every row."""
    from talweg.run.surveying import kept
    from talweg.run.surveying.mapped import MapSettings
    from talweg.run.surveying.mapping import FOLDER, map_run
    from talweg.run.written import open_run

    kept.EVERY = 0.0
    map_run(open_run(run), MapSettings(size=31), run / FOLDER)


@dataclasses.dataclass
class Tally:
    """What the kills of one kind of work met.

    Attributes:
        kills: how many there were.
        met: how many at which point.
        halves: how many left a half-written file behind.
        runs: how many works came to their end.
        different: how many of these differ from the undisturbed one, and in what.
    """

    kills: int = 0
    met: Counter = dataclasses.field(default_factory=Counter)
    halves: int = 0
    runs: int = 0
    different: list[str] = dataclasses.field(default_factory=list)


def spared(target: Callable[..., None], *arguments: Any) -> float:
    """Lets a process come to its end.

    Returns:
        How many seconds it took.
    """
    began = time.monotonic()
    process = CONTEXT.Process(target=target, args=arguments)
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"an undisturbed process ended with exit code {process.exitcode}")
    return time.monotonic() - began


def killed_until_done(
    target: Callable[..., None],
    arguments: tuple[Any, ...],
    folder: Path,
    longest: float,
    chance: random.Random,
    tally: Tally,
    kills: int,
) -> None:
    """Starts a process again and again, killed after a random time each, until one comes to its end.

    Args:
        target: what it does.
        arguments: with what.
        folder: the run's, which tells what the kill met.
        longest: seconds up to which the time is drawn.
        chance: draws it.
        tally: is told of each kill.
        kills: after so many the next process is spared.
    """
    for _ in range(kills):
        process = CONTEXT.Process(target=target, args=arguments)
        process.start()
        process.join(chance.uniform(0.0, longest))
        if process.exitcode is not None:
            break
        process.kill()
        process.join()
        tally.kills += 1
        tally.met[_met(folder)] += 1
        tally.halves += any(path.name.count(".") > 2 for path in folder.rglob(".*"))
    if process.exitcode not in (0, -9):
        raise RuntimeError(f"a process that was started again ended with exit code {process.exitcode}")
    if process.exitcode != 0:
        spared(target, *arguments)
    tally.runs += 1


def _met(folder: Path) -> str:
    if (folder / "map").exists():
        return "map-making"
    if not (folder / "run.toml").exists():
        return "before the run had begun"
    if (folder / "summary.json").exists():
        return "when the result was there"
    if (folder / "params.safetensors").exists():
        return "while the result was written"
    if (folder / "checkpoints").exists():
        return "training, with a checkpoint"
    return "training, before the first checkpoint"


def differences(folder: Path, reference: Path) -> list[str]:
    """In what a run differs from an undisturbed one; nothing if in nothing but its seconds."""
    found = [name for name in SAME_BYTES if (folder / name).read_bytes() != (reference / name).read_bytes()]
    if _history(folder) != _history(reference):
        found.append("history")
    ours, theirs = (json.loads((one / "summary.json").read_text()) for one in (folder, reference))
    return found + [name for name in ("members", "ensemble", "spread", "warnings") if ours[name] != theirs[name]]


def _history(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def kill_trainings(place: Path, settings: dict[str, Any], kills: int, chance: random.Random, tally: Tally) -> None:
    """Kills one run's training so many times, over as many runs as that takes."""
    reference = place / "undisturbed"
    spared(train_or_resume, reference, settings)
    lasted = spared(train_or_resume, place / "timed", settings)
    until = tally.kills + kills
    while tally.kills < until:
        folder = place / f"run-{tally.runs}"
        left = until - tally.kills
        killed_until_done(train_or_resume, (folder, settings), folder, 1.2 * lasted, chance, tally, left)
        if different := differences(folder, reference):
            tally.different.append(f"{folder.name}: {', '.join(different)}")
        shutil.rmtree(folder)


def kill_maps(place: Path, kills: int, chance: random.Random, tally: Tally) -> None:
    """Kills the making of one run's map so many times."""
    run = place / "mapped"
    spared(train_or_resume, run, {"max_epochs": 20})
    lasted = max(spared(draw_map, run) for _ in range(1))
    heights = _heights(run)
    until = tally.kills + kills
    while tally.kills < until:
        shutil.rmtree(run / "map")
        killed_until_done(draw_map, (run,), run, 1.1 * lasted, chance, tally, until - tally.kills)
        if _heights(run) != heights:
            tally.different.append("map")


def _heights(run: Path) -> dict[str, Any]:
    from talweg.record.sealed import unpack

    found = {}
    for path in sorted((run / "map").glob("*.safetensors")):
        arrays, _ = unpack(path.read_bytes(), "talweg-work-1")
        found |= {f"{path.name}/{name}": array.tobytes() for name, array in arrays.items()}
    if not found:
        raise RuntimeError("the map left no heights")
    return found


def report(tallies: dict[str, Tally], seconds: float) -> str:
    """The figures as a table."""
    rows = [
        f"| {name} | {one.kills} | {', '.join(f'{n} {what}' for what, n in one.met.most_common())} | {one.halves} | "
        f"{one.runs} | {len(one.different)} |"
        for name, one in tallies.items()
    ]
    kills, ended = (sum(getattr(one, what) for one in tallies.values()) for what in ("kills", "runs"))
    wrong = [text for one in tallies.values() for text in one.different]
    verdict = f"{len(wrong)} of them different: {'; '.join(wrong)}" if wrong else "all equal to the undisturbed one"
    return "\n".join(
        [
            f"{kills} kills in {seconds / 60:.0f} minutes on {os.cpu_count()} cores; {ended} works ended, {verdict}.",
            "",
            "| work | kills | which met | left a half-written file | ended | different |",
            "|---|---|---|---|---|---|",
            *rows,
        ]
    )


def main() -> None:
    """Runs everything and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, tallies, began = random.Random(options.seed), dict[str, Tally](), time.monotonic()
    each = -(-options.kills // (len(RUNS) + 1))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(folder) / "compiled"))
        write_sources(Path(folder))
        for number, (name, settings) in enumerate(RUNS.items()):
            if "source" in settings:
                settings = {**settings, "source": str(Path(folder) / settings["source"])}
            tally = tallies[name] = Tally()
            kill_trainings(Path(folder) / str(number), settings, each, chance, tally)
            print(name, tally, flush=True)
        tally = tallies["making a map"] = Tally()
        kill_maps(Path(folder), each, chance, tally)
        print("making a map", tally, flush=True)
    text = report(tallies, time.monotonic() - began)
    path = Path(__file__).parents[1] / "docs" / "reliability.md"
    before, mark, rest = path.read_text(encoding="utf-8").partition("<!-- kills -->\n")
    _, end, after = rest.partition("<!-- end of kills -->")
    with contextlib.suppress(OSError):
        path.write_text(f"{before}{mark}{text}\n{end}{after}", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
