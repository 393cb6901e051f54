"""`talweg model`: the network that a training would train, layer by layer. Nothing is trained or written."""

from pathlib import Path
from typing import Any

import click

from talweg.cli.data_options import data_options, given_settings, network_options, photograph_options
from talweg.cli.output import json_option, put
from talweg.cli.sections import Sectioned

_HELP = """Print the network that would be trained on SOURCE: layers, output shapes, params, multiply-adds of a row.

\b
A list of layers is separated by commas. A layer is its word, its numbers, then its settings by name:
  dense UNITS                     conv FILTERS KERNEL [stride padding dilation groups bias]
  maxpool SIZE [stride padding]   convtransposed FILTERS KERNEL [stride padding bias]
  avgpool SIZE [stride padding]   globalpool [mean|max]
  flatten                         reshape HEIGHTxWIDTHxCHANNELS
  upsample FACTOR                 dropout RATE
  batchnorm                       layernorm, groupnorm GROUPS, rmsnorm
  embed piecewise|periodic UNITS  of a table: each number as UNITS features, by bins or waves
        [bins frequencies sigma]  (16 each, 0.1); 'words 4': a learned vector for each word
  residual(LAYERS)                adds what comes in to what its layers give
  beside(LAYERS)                  puts the two side by side, as channels
  relu, leaky_relu, elu, gelu, silu, softplus, tanh, sigmoid
  output                          a dense layer of as many units as the task needs
Sizes are 3 or 3x5. Padding is same (usual for conv), valid (usual for pools) or a number of zeros.
"""


@click.command(help=_HELP, cls=Sectioned)
@click.argument("source", required=False)
@data_options
@photograph_options
@network_options
@click.option("--activation", help="What follows each hidden layer of an mlp. [default: by the task]")
@click.option("--loss", help="What is minimized; some losses need other outputs. [default: by the task]")
@click.option("--members", help="How many initializations; a layer's setting may differ among them. [default: 8]")
@click.option("--config", type=click.Path(path_type=Path), help="Settings as a TOML file; flags win over it.")
@json_option
def model(config: Path | None, as_json: bool, **words: Any) -> None:
    """Print a network before it is trained (see `_HELP`)."""
    from talweg.config.settings import make_settings
    from talweg.run.model import model_of_settings

    described = model_of_settings(make_settings(given_settings(config, words)))
    put(described.summary, lambda: str(described), as_json)
