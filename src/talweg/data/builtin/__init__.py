"""The tables that come with Talweg, read without the network and without a table library.

Each lies beside this file as ``<name>.npz``: one array a column, its words as codes and levels. `SOURCES` says where
it comes from and under which terms; ``benchmarks`` or tests never need another copy.
"""

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np

from talweg.data.table import Column, Numbers, Table, Text
from talweg.errors import DataError, did_you_mean


@dataclasses.dataclass(frozen=True)
class Source:
    """What is known of a built-in table.

    Attributes:
        target: the column that is predicted unless another is named.
        task: what kind of target that is.
        about: one line on what the rows are.
        credit: who made it.
        licence: the terms under which it may be passed on.
    """

    target: str
    task: Literal["classification", "regression"]
    about: str
    credit: str
    licence: str


_UCI = "Creative Commons Attribution 4.0 International (CC BY 4.0)"

SOURCES = {
    "digits": Source(
        "digit", "classification", "1797 handwritten digits as 8×8 pixels of 0 to 16",
        "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (1998), UCI Machine Learning Repository,"
        " doi:10.24432/C50P49; the test part, as in scikit-learn", _UCI),
    "iris": Source(
        "species", "classification", "150 irises of three species, four measures of each in centimetres",
        "R. A. Fisher, The use of multiple measurements in taxonomic problems (1936), UCI Machine Learning Repository,"
        " doi:10.24432/C56C76; corrected to Fisher's paper, as in scikit-learn", _UCI),
    "wine": Source(
        "cultivar", "classification", "178 Italian wines of three cultivars, 13 chemical measures of each",
        "S. Aeberhard and M. Forina, Wine (1992), UCI Machine Learning Repository, doi:10.24432/C5PC7J", _UCI),
    "breast-cancer": Source(
        "diagnosis", "classification", "569 breast masses, 30 measures of the cell nuclei in each",
        "W. Wolberg, O. Mangasarian, N. Street and W. Street, Breast Cancer Wisconsin (Diagnostic) (1993), UCI Machine"
        " Learning Repository, doi:10.24432/C5DW2B", _UCI),
    "diabetes": Source(
        "progression", "regression", "442 patients with diabetes, ten measures of each and the disease a year later",
        "B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Least Angle Regression, Annals of Statistics 32 (2004);"
        " unscaled, as in scikit-learn", "as distributed with scikit-learn under the BSD 3-Clause licence"),
    "penguins": Source(
        "species", "classification", "344 penguins of three species near Palmer Station, with missing values",
        "K. B. Gorman, T. D. Williams and W. R. Fraser, PLoS ONE 9(3) e90081 (2014); A. M. Horst, A. P. Hill and"
        " K. B. Gorman, palmerpenguins (2020)", "CC0 1.0"),
}  # fmt: skip

NAMES = tuple(SOURCES)


def load(name: str) -> Table:
    """A built-in table.

    Raises:
        DataError: there is none of that name.

    Example:
        >>> load("iris").rows
        150
    """
    if name not in SOURCES:
        raise DataError(
            f"No built-in table {name!r}; there are {', '.join(NAMES)}.{did_you_mean(name, NAMES)}"
        )
    with np.load(Path(__file__).with_name(f"{name}.npz"), allow_pickle=False) as stored:
        matrix, names = stored["numbers"].astype(np.float64), stored["columns"].tolist()
        words = {column: Text(stored[f"codes {column}"].astype(np.int32), tuple(stored[f"levels {column}"].tolist()))
                 for column in names if f"codes {column}" in stored}  # fmt: skip
    numbers = iter(np.ascontiguousarray(matrix.T))
    columns: dict[str, Column] = {
        column: words[column] if column in words else Numbers(next(numbers)) for column in names
    }
    return Table(name, columns, len(matrix), target=SOURCES[name].target)
