"""The flags that say how a network is trained, shared by the commands that train one or look at its training."""

from collections.abc import Callable
from pathlib import Path

import click

from talweg.cli.data_options import data_options, network_options, photograph_options
from talweg.cli.sections import under

_data, _pictures, _network = map(under, ("Data", "Pictures", "Network"))
_loss, _steps, _members, _stopping = map(under, ("Loss", "Steps", "Members", "Stopping"))
_TRAINING = (
    _data(
        "--gate",
        help="'stop': errors that talweg check finds end the training; 'warn': train all the same. [default: stop]",
    ),
    _pictures(
        "--augment",
        help="How they are changed at random: 'flip, shift 4, rotation 10, brightness 0.2, cutout 8, mixup 0.2'; none.",
    ),
    _network(
        "--activation",
        help="What follows each hidden layer of an mlp: relu, tanh, gelu, silu, ... [default: by the task]",
    ),
    _network("--dropout", metavar="X", help="The chance that a hidden unit of an mlp is left out of a step."),
    _network(
        "--initializer", help="How weights are drawn, such as he_uniform or orthogonal. [default: glorot_uniform]"
    ),
    _network("--initializer-scale", metavar="X", help="What the drawn weights are multiplied with."),
    _loss("--loss", help="What is minimized, such as huber. [default: by the task]"),
    _loss("--class-weight", help="'balanced': every class counts alike in the loss. [default: none]"),
    _loss(
        "--label-smoothing", metavar="X", help="The share of a class's certainty that is given to all classes alike."
    ),
    _loss("--input-noise", metavar="X", help="Noise on the prepared features in training, as a standard deviation."),
    _steps("--optimizer", help="How params change: sgd, adam, lbfgs, ... (docs/optimizers.md). [default: adamw]"),
    _steps(
        "--batch-size",
        metavar="N",
        help="Rows of a step, or 'full' for full-batch gradient descent. [default: by the rows]",
    ),
    _steps("--momentum", metavar="X", help="For the optimizers that have one."),
    _steps("--weight-decay", metavar="X", help="For the optimizers that have one."),
    _steps("--clip-norm", metavar="X", help="The length that a longer gradient is cut down to."),
    _steps("--ema", metavar="X", help="Keep an average of the params; its decay from step to step, such as 0.99."),
    _steps("--step-length", help="fixed, or looked for at each step: backtracking or wolfe. [default: fixed]"),
    _steps("--shuffle", help="'full', or 'block' for rows beyond memory. [default: by that]"),
    _members(
        "--members",
        metavar="N",
        help="How many initializations are trained. [default: 8; of pictures 3; of folds, one each]",
    ),
    _members("--seed", metavar="N", help="Decides split, starts and order. [default: 0]"),
    _members(
        "--member-batches", help="'shared': all members see the same batches; 'own': each its own. [default: shared]"
    ),
    _members(
        "--engine", help="How members run: map, threads, vmap, step (docs/performance.md). [default: by the network]"
    ),
    click.option("--config", type=click.Path(path_type=Path), help="Settings as a TOML file; flags win over it."),
)
_COURSE = (
    _steps(
        "--learning-rate",
        metavar="X",
        help="The step length; 'auto' finds one by a range test. [default: the optimizer's usual]",
    ),
    _steps(
        "--schedule",
        help="How the learning rate changes, such as 'step(drops=3)'; see `talweg schedules`. [default: cosine]",
    ),
    _stopping(
        "--epochs", "max_epochs", metavar="N", help="Passes over the training rows, at most. [default: by the rows]"
    ),
    _stopping(
        "--stop",
        metavar="RULE",
        help="Stopping rules, such as 'flat(train_loss, 1e-4, patience=5) and accuracy >= 0.97'.",
    ),
)


def training_options(command: Callable) -> Callable:
    """Adds the flags of the data, the network and its steps: all that a step depends on, but for its length."""
    for option in reversed(_TRAINING):
        command = option(command)
    return data_options(photograph_options(network_options(command)))


def course_options(command: Callable) -> Callable:
    """Adds the flags of a training's course: how long the steps are, and how many there will be."""
    for option in reversed(_COURSE):
        command = option(command)
    return command
