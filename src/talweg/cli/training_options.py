"""The flags that say how a network is trained, shared by the commands that train one or look at its training."""

from collections.abc import Callable
from pathlib import Path

import click

from talweg.cli.data_options import data_options, network_options

_TRAINING = (
    click.option(
        "--augment", help="Pictures: 'flip, shift 4, rotation 10, brightness 0.2, cutout 8, mixup 0.2'; none."
    ),
    click.option("--noise", help="Denoise: a level such as 25, 5..50, 'poisson 30', 'salt-and-pepper 0.1', or self."),
    click.option("--patch-size", help="Denoising: the side of the patches that steps see."),
    click.option("--gate", help="'stop': errors that talweg check finds end the training; 'warn': train all the same."),
    click.option("--members", help="How many initialisations are trained. [default: 8]"),
    click.option("--batch-size", help="Rows of a step, or 'full' for full-batch gradient descent."),
    click.option("--member-batches", help="'shared': all members see the same batches; 'own': each its own."),
    click.option("--shuffle", help="'full', or 'block' for rows beyond memory. [default: by that]"),
    click.option("--optimizer", help="How params change: sgd, adam, lbfgs, ... (docs/optimizers.md). [default: adamw]"),
    click.option("--step-length", help="fixed, or looked for at each step: backtracking or wolfe. [default: fixed]"),
    click.option("--momentum", help="For the optimizers that have one."),
    click.option("--weight-decay", help="For the optimizers that have one."),
    click.option("--clip-norm", help="The length that a longer gradient is cut down to."),
    click.option("--ema", help="Keep an average of the params; its decay from step to step, such as 0.99."),
    click.option("--dropout", help="The chance that a hidden unit is left out of a step."),
    click.option("--label-smoothing", help="The share of a class's certainty that is given to all classes alike."),
    click.option("--input-noise", help="Noise on the prepared features in training, as a standard deviation."),
    click.option("--initializer-scale", help="What the drawn weights are multiplied with."),
    click.option(
        "--activation", help="What follows each hidden layer: relu, tanh, gelu, silu, ... [default: by the task]"
    ),
    click.option("--initializer", help="How weights are drawn, such as he_uniform or orthogonal."),
    click.option("--loss", help="What is minimised, such as huber. [default: by the task]"),
    click.option("--class-weight", help="'balanced': every class counts alike in the loss. [default: none]"),
    click.option(
        "--engine", help="How members run: map, threads, vmap, step (docs/performance.md). [default: by the network]"
    ),
    click.option("--seed", help="Decides split, starts and order. [default: 0]"),
    click.option("--config", type=click.Path(path_type=Path), help="Settings as a TOML file; flags win over it."),
)
_COURSE = (
    click.option("--epochs", "max_epochs", help="Passes over the training rows, at most."),
    click.option("--learning-rate", help="The step length; 'auto' finds one by a range test. A list: see --sweep."),
    click.option("--schedule", help="How the learning rate changes, such as 'step(drops=3)'; see `talweg schedules`."),
    click.option("--stop", help="Stopping rules, such as 'flat(train_loss, 1e-4, patience=5) and accuracy >= 0.97'."),
)


def training_options(command: Callable) -> Callable:
    """Adds the flags of the data, the network and its steps: all that a step depends on, but for its length."""
    for option in reversed(_TRAINING):
        command = option(command)
    return data_options(network_options(command))


def course_options(command: Callable) -> Callable:
    """Adds the flags of a training's course: how long the steps are, and how many there will be."""
    for option in reversed(_COURSE):
        command = option(command)
    return command
