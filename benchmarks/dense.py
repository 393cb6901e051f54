"""Steady epochs of dense networks: Talweg against its peers and the machine's own rate, in one process.

Usage: python -m benchmarks.dense [--rounds N] [--only NUMBER]
"""

import argparse
import statistics

from benchmarks.contestants import PEERS, talweg
from benchmarks.measure import in_turn, machine, matrix_product, ratio, table, verdict
from benchmarks.problems import PROBLEMS, Problem

SECONDS = 0.5
"""About how long each contestant trains in a round; short epochs are repeated."""


def measure(problem: Problem, rounds: int) -> str:
    """The table of one problem."""
    trainers = {name: make(problem) for name, make in {"Talweg": talweg, **PEERS}.items()}
    for train in trainers.values():
        train(2)  # compiles, and touches all memory once
    epochs = {name: max(1, round(SECONDS / train(1))) for name, train in trainers.items()}
    timed = {name: (lambda name=name: trainers[name](epochs[name])) for name in trainers}
    seconds = in_turn({**timed, "product": matrix_product()}, rounds)
    rates = seconds.pop("product")

    lines = []
    for name, taken in seconds.items():
        shares = [problem.products() / second / rate for second, rate in zip(taken, rates, strict=True)]
        share = statistics.median(shares)
        faster = ratio(taken, seconds["Talweg"])
        asked = verdict(faster, problem.targets[name]) if name in problem.targets else ""
        if name == "Talweg" and problem.share:
            asked = verdict(share, problem.share)
        lines.append([name, f"{1e3 * statistics.median(taken):.1f}", f"{faster:.2f}", f"{share:.0%}", asked])
    head = ("", "ms an epoch", "times Talweg's", "of the matrix-product rate", "asked")
    rate = f"Matrix product: {statistics.median(rates) / 1e9:.0f} GF/s (the rounds' median; {rounds} rounds)."
    return f"**{problem}**\n\n{table(head, lines)}\n\n{rate}\n"


def report(rounds: int, problems: tuple[Problem, ...] = PROBLEMS) -> str:
    """The tables of all problems."""
    return "\n".join(measure(problem, rounds) for problem in problems)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=int, choices=range(1, len(PROBLEMS) + 1), help="one problem, by its number")
    options = parser.parse_args()
    print(machine(), "\n")
    for problem in PROBLEMS if options.only is None else (PROBLEMS[options.only - 1],):
        print(measure(problem, options.rounds), flush=True)
