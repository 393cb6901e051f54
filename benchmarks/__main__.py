"""All measurements, written to `benchmarks/results.md`.

Usage: python -m benchmarks [--rounds N]
"""

import argparse
from pathlib import Path

from benchmarks import cold_start, dense
from benchmarks.measure import machine

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=7)
options = parser.parse_args()
place = machine()
text = f"""# Results

Written by `python -m benchmarks`; `README.md` says what is measured, and how.

{place}.

## Whole processes

{cold_start.report(options.rounds)}
## Steady epochs

{dense.report(options.rounds)}"""
Path(__file__).with_name("results.md").write_text(text, encoding="utf-8")
print(text)
