"""A whole process: Talweg trains so many members for 30 epochs on the digits, and scores them on the test rows."""

import sys

import talweg

run = talweg.train(
    "digits",
    split="80/0/20",
    members=int(sys.argv[1]),
    hidden=(64, 64),
    optimizer="momentum",
    learning_rate=0.01,
    schedule="constant",
    weight_decay=0.0,
    batch_size=32,
    max_epochs=30,
    stop="epochs(30)",
)
accuracies = [member["test"]["accuracy"] for member in run.summary["members"]]
print(min(accuracies), max(accuracies))
