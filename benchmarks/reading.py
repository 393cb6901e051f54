"""How long a large CSV takes to be read, split, cleaned and looked over, step by step.

python -m benchmarks.reading              # 1 000 000 rows of 20 columns, made once in a temporary folder
python -m benchmarks.reading --rows 100000
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import machine, table
from talweg.config.settings import make_settings
from talweg.data.clean import Preparation
from talweg.data.gate.finding import Case
from talweg.data.gate.gate import inspect
from talweg.data.parts import deal
from talweg.data.reading.read import read_table
from talweg.data.task import choose_target
from talweg.run.prepare import plan_of

TARGET = 10.0
"""Seconds for reading, splitting and cleaning a million rows of twenty columns on two cores."""


def write_table(path: Path, rows: int) -> None:
    """Twenty columns of what tables hold: numbers, whole numbers, gaps, words few and many, dates, outliers."""
    import polars as pl

    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"number_{i}": np.round(rng.normal(size=rows), 4) for i in range(8)}
    columns |= {f"count_{i}": rng.poisson(4, rows) for i in range(3)}
    columns["heavy"] = np.round(rng.standard_cauchy(rows), 3)
    columns["price"] = np.round(np.exp(rng.normal(3, 1, rows)), 2)
    gaps = np.round(rng.normal(size=rows), 3).astype(str)
    gaps[rng.random(rows) < 0.1] = "N/A"
    columns["gaps"] = gaps
    columns["flag"] = rng.choice(["yes", "no"], rows)
    columns["region"] = rng.choice(["north", "south", "east", "west"], rows)
    columns["city"] = np.char.add("city ", rng.zipf(1.5, rows).clip(max=5000).astype(str))
    columns["day"] = np.datetime_as_string(
        np.datetime64("2020-01-01") + rng.integers(0, 1500, rows).astype("timedelta64[D]")
    )
    columns["customer_id"] = rng.integers(10**6, 10**7, rows)
    columns["bought"] = rng.choice(["no", "yes"], rows, p=[0.8, 0.2])
    pl.DataFrame(columns).write_csv(path)


def measure(path: Path) -> dict[str, tuple[float, float]]:
    """Seconds of each step, on the clock and of the processors."""
    told: dict[str, tuple[float, float]] = {}

    def timed(step: str, work: Callable[[], Any]) -> Any:
        clock, processor = time.perf_counter(), time.process_time()
        result = work()
        told[step] = (time.perf_counter() - clock, time.process_time() - processor)
        return result

    plan = plan_of(make_settings({"source": str(path)}))
    read = timed("read", lambda: read_table(path))
    target = choose_target(read, "bought")
    parts, _ = timed("split", lambda: deal(read, target, plan))
    preparation = timed("fit the preparation", lambda: Preparation.fit(read, parts.train, target.name, target.task))
    features = timed("features", lambda: preparation.features(read.take(target.rows)))
    timed("gate", lambda: inspect(Case(read, target, parts, preparation, features)))
    return told


def main() -> None:
    """Measures, prints, and with a million rows writes `reading.md`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    place = machine(("numpy", "polars"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, rows)
        size = path.stat().st_size / 1e6
        told = measure(path)
    steps = ("read", "split", "fit the preparation", "features")
    total, busy = (sum(told[step][which] for step in steps) for which in (0, 1))
    lines = [[step, f"{clock:.2f}", f"{processor:.2f}"] for step, (clock, processor) in told.items()]
    lines.insert(len(steps), ["**to features**", f"**{total:.2f}**", f"**{busy:.2f}**"])
    text = f"""# A large table, read and cleaned

Written by `python -m benchmarks.reading`. {rows:,} rows of 20 columns, {size:.0f} MB of CSV: numbers, gaps, words few
and many, dates, an identifier. The gate looks the table over besides, before every training.

{table(("step", "seconds", "of the processors"), lines)}

Aim: to features in less than {TARGET:g} s: {"reached" if total < TARGET else "**missed**"}.

{place}.
"""
    print(text)
    if rows >= 1_000_000:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
