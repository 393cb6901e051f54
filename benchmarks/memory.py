"""Peak memory, time and throughput of a training whose table is larger than it may hold: `python -m benchmarks.memory`.

A table is made, then each job runs as a process of its own, so that its peak is its own: the training from the file,
twice (the second finds everything prepared), predictions for the whole file, and the same training's epochs from disk
and from memory. The peak is the kernel's (`ru_maxrss`): it counts every page that the process touched, of files too.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS = 250_000
"""Rows that are made at a time."""
SETTINGS = ["--target", "y", "--members", "1", "--hidden", "128,64", "--batch-size", "512", "--stop", "epochs(2)"]
EPOCHS = ["--epochs", "2", "--seed", "0"]


def make_table(path: Path, size: float) -> int:
    """Writes a CSV file of at least so many bytes, and says how many rows it has.

    20 columns of numbers, two of words, one of dates, one with gaps; the quantity to predict follows from
    eight of the numbers and a word.
    """
    random, rows = np.random.default_rng(0), 0
    mix = random.normal(size=8)
    words = np.array(["red", "green", "blue", "violet"])
    with path.open("wb") as file:
        while file.tell() < size:
            x = random.normal(size=(ROWS, 20)).astype(np.float32)
            sort = random.integers(0, 4, ROWS)
            gaps = np.where(random.random(ROWS) < 0.1, np.nan, random.normal(size=ROWS)).astype(np.float32)
            frame = pl.DataFrame({f"x{place}": x[:, place] for place in range(20)}).with_columns(
                pl.Series("sort", words[sort]),
                pl.Series("shop", random.integers(0, 40, ROWS)).cast(pl.String).str.zfill(3),
                pl.Series("day", np.datetime64("2020-01-01") + random.integers(0, 1500, ROWS)),
                pl.Series("gaps", gaps).fill_nan(None),
                pl.Series("y", np.tanh(x[:, :8] @ mix) + 0.3 * sort + 0.1 * random.normal(size=ROWS)),
            )
            frame.write_csv(file, include_header=rows == 0, float_precision=6)
            rows += ROWS
    return rows


@contextlib.contextmanager
def group_of(limit: float | None) -> Iterator[Path | None]:
    """A control group of so many gigabytes of memory, of either version; none without a limit."""
    if limit is None:
        yield None
        return
    second = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    group = Path("/sys/fs/cgroup", *([] if second else ["memory"]), f"talweg-{os.getpid()}")
    group.mkdir()
    try:
        (group / ("memory.max" if second else "memory.limit_in_bytes")).write_text(str(int(limit * 1e9)))
        yield group
    finally:
        group.rmdir()


def run(words: Sequence[str], folder: Path, group: Path | None = None) -> tuple[dict, float, float]:
    """Runs a command, in a control group if one is given; what it printed as JSON, its seconds, its peak in GB."""

    def join() -> None:
        if group is not None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    root = Path(__file__).parents[1]
    places = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "TALWEG_CACHE": str(folder / "cache"), "PYTHONPATH": places}
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", *words], stdout=subprocess.PIPE, env=environment, cwd=folder, preexec_fn=join
    )
    told = child.stdout.read() if child.stdout else b""
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    return json.loads(told), time.perf_counter() - began, usage.ru_maxrss * 1024 / 1e9


def machine() -> str:
    """Where this runs, and how busy it is."""
    return f"{platform.machine()}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}"


WAYS = {
    "memory": (False, "full", "never"),
    "disk": (True, "full", "never"),
    "memory, by blocks": (False, "block", "never"),
    "disk, by blocks": (True, "block", "never"),
    "disk, by blocks, cold": (True, "block", "epoch"),
    "disk, cold": (True, "full", "epoch"),
    "disk, cold in each segment": (True, "full", "segment"),
}
"""Whether the rows are on disk, in what order they come, and before what the system is made to forget what it has of
them. Shuffled by blocks, an epoch reads each piece of the file once: to forget before each epoch is then what a file
beyond the memory does. In full order it is to forget before each segment of an epoch."""


def epochs(path: Path, ways: Sequence[str], rows: int) -> None:
    """Trains on the prepared rows in some of the ways, two rounds, in this process; prints what each took as JSON."""
    from talweg.config.settings import make_settings
    from talweg.run.build import build
    from talweg.run.job import Rows
    from talweg.run.train import train

    settings = {"source": str(path), "target": "y", "members": 1, "hidden": (128, 64), "batch_size": 512}
    job = build(make_settings({**settings, "stop": "epochs(2)", "max_epochs": 2, "stream": "yes"})).job
    few = min(len(job.training), rows)
    found, params = {}, {}
    for way in [*ways] * 2:
        disk, shuffle, cold = WAYS[way]
        training = Rows(job.training.x[:few], job.training.y[:few])
        training = training if disk else Rows(np.array(training.x), np.array(training.y))
        marks: list[tuple[float, float]] = []

        def tell(told: Any, marks: list = marks, cold: str = cold) -> None:
            if cold != "never":
                forget_files()
            marks.append((told.seconds, bytes_from_disk()))

        def pause(_: Any, cold: str = cold) -> None:
            if cold == "segment":
                forget_files()

        part = dataclasses.replace(
            job,
            settings=job.settings.model_copy(update={"shuffle": shuffle}),
            training=training,
            validation=Rows(job.validation.x[:0], job.validation.y[:0]),
        )
        trained = train(part, tell, pause=pause)
        (before, read), (after, read_after) = marks[1:]
        found.setdefault(way, []).append({"rate": few / (after - before), "read": read_after - read})
        flat = np.concatenate([leaf.ravel() for layer in trained.params.values() for leaf in layer.values()])
        same = np.array_equal(params.setdefault(shuffle, flat), flat)
        if not same:
            raise SystemExit(f"{way}: other params")
    told = {"rows": few, "features": job.training.x.shape[1], "gigabytes": job.training.x[:few].nbytes / 1e9}
    hashes = {shuffle: hashlib.sha256(flat.tobytes()).hexdigest() for shuffle, flat in params.items()}
    print(json.dumps({**told, "ways": found, "params": hashes}))


def forget_files() -> None:
    """Makes the system forget what it has of the cache's files, so that they must be read from the disk again."""
    for file in Path(os.environ["TALWEG_CACHE"]).rglob("*.npy"):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def bytes_from_disk() -> float:
    """Bytes that this process had read from a disk so far, not from the system's copy of files."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("read_bytes")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--folder", type=Path, help="Where the table and the cache are made, and removed again.")
    parser.add_argument("--keep", action="store_true", help="Leave the table there, and take one that is there.")
    parser.add_argument("--throughput", action="store_true", help="Only the epochs from disk and from memory.")
    parser.add_argument("--limit", type=float, help="Gigabytes of memory for what reads from the disk.")
    parser.add_argument("--rows", type=int, default=4_000_000, help="Training rows of the epochs, at most.")
    parser.add_argument("--epochs", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", action="append", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.epochs:
        epochs(given.epochs, given.way, given.rows)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as name, group_of(given.limit) as group:
        folder = Path(name)
        path = (given.folder if given.keep and given.folder else folder) / "table.csv"
        if not path.exists():
            make_table(path, given.gigabytes * 1e9)
        print(f"{path.stat().st_size / 1e9:.2f} GB CSV; {machine()}", end="\n\n" if group is None else "; ", flush=True)
        if group is not None:
            print(f"at most {given.limit} GB for what reads from the disk\n", flush=True)
        if not given.throughput:
            measure(path, folder, group)
        print(throughput(path, folder, given.rows, group))


def measure(path: Path, folder: Path, group: Path | None) -> None:
    """Runs every job and prints a table of what it took."""
    print("| job | seconds | peak memory, GB |\n|---|---|---|", flush=True)
    train = ["talweg", "train", str(path), *SETTINGS, *EPOCHS, "--stream", "--json"]
    for job, out in (("train, from the file", "first"), ("train again, all prepared", "second")):
        summary, seconds, peak = run([*train, "--out", out], folder, group)
        steady = summary["run"]["seconds"]
        print(f"| {job} ({steady:.0f} s of it epochs) | {seconds:.0f} | {peak:.2f} |", flush=True)
    told, seconds, peak = run(
        ["talweg", "predict", "first", str(path), "--out", "out.parquet", "--stream", "--json"], folder, group
    )
    print(f"| predict {told['rows']} rows | {seconds:.0f} | {peak:.2f} |\n", flush=True)
    cache = sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file()) / 1e9
    print(f"{summary['data']['rows']} rows; the cache takes {cache:.2f} GB.\n", flush=True)


def throughput(path: Path, folder: Path, rows: int, group: Path | None) -> str:
    """Epochs from disk next to epochs from memory, as a table.

    Without a limit every way is tried in one process, so that params can be compared and rounds are in turn; with one,
    rows by blocks from memory without a limit and from disk with it, each in a process of its own.
    """
    command = ["benchmarks.memory", "--epochs", str(path), "--rows", str(rows)]
    if group is None:
        calls = [run([*command, *(word for way in WAYS for word in ("--way", way))], folder)]
    else:
        ways = (("memory, by blocks", None), ("disk, by blocks", group))
        calls = [run([*command, "--way", way], folder, where) for way, where in ways]
    told = calls[0][0]
    if any(called["params"] != told["params"] for called, _, _ in calls):
        raise SystemExit("disk and memory give other params")
    found = {way: each for called, _, _ in calls for way, each in called["ways"].items()}
    rates = {way: np.mean([one["rate"] for one in each]) for way, each in found.items()}
    lines = [
        f"{told['rows']} training rows of {told['features']} features, {told['gigabytes']:.2f} GB; load"
        f" {os.getloadavg()[0]:.1f} at the end.",
        "",
        "| epochs from | rows a second, two rounds | read from the disk, GB | share of memory's |",
        "|---|---|---|---|",
    ]
    for way, each in found.items():
        both = " and ".join(f"{one['rate']:,.0f}" for one in each)
        read = max(one["read"] for one in each) / 1e9
        share = rates[way] / rates["memory, by blocks" if "blocks" in way else "memory"]
        lines.append(f"| {way} | {both} | {read:.2f} | {share:.0%} |")
    return "\n".join([*lines, "", "Params are equal to the bit wherever the rows come in the same order."])


if __name__ == "__main__":
    main()
