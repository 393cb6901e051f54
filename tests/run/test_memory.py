"""A guard on memory: what a training from disk takes does not grow with the table, measured in a process of its own."""

import json
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

ROWS, COLUMNS = 600_000, 12

CHILD = """
import json, resource, sys
import talweg as tw
from talweg.data.large import blocks, delimited, encoding, gather, sample, taker
from talweg.run.streaming import passes, scoring_blocks, streaming

blocks._BLOCK = delimited._BLOCK = encoding._BLOCK_BYTES = 2**20
passes.BLOCK_BYTES = scoring_blocks.BLOCK_BYTES = streaming.SEGMENT_BYTES = gather._AT_ONCE = 2**20
sample.MOST_VALUES, scoring_blocks.HELD, taker._ROWS, sample._BLOCK = 10**5, 2**14, 2**16, 2**16
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
settings = {"target": "y", "members": 1, "hidden": (4,), "max_epochs": 1, "batch_size": 1024, "stream": sys.argv[3]}
tw.train(sys.argv[1], **settings)
small = peak()
tw.train(sys.argv[2], **settings)
print(json.dumps({"grown": peak() - small}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is told in other units elsewhere")
def test_memory_does_not_grow_with_the_table(tmp_path):
    random = np.random.default_rng(0)
    frame = pl.DataFrame({f"x{j}": random.integers(0, 1000, ROWS, dtype=np.int16) for j in range(COLUMNS)})
    frame = frame.with_columns(((pl.col("x0") + pl.col("x1")) / 100 + 0.5).alias("y"))
    frame.write_csv(tmp_path / "large.csv")
    frame[: ROWS // 20].write_csv(tmp_path / "small.csv")
    environment = {**os.environ, "TALWEG_CACHE": str(tmp_path / "cache"), "MALLOC_ARENA_MAX": "2"}
    words = [sys.executable, "-c", CHILD, str(tmp_path / "small.csv"), str(tmp_path / "large.csv"), "yes"]
    told = subprocess.run(words, capture_output=True, text=True, env=environment, check=True)
    grown = json.loads(told.stdout.splitlines()[-1])["grown"]
    # Columns, features and a copy of them on the device are 120 MB and more; in memory it is over 200.
    assert grown < 90, f"{grown:.0f} MB"
