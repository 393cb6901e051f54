"""The tables that come with Talweg, read without the network and without a table library.

Each lies beside this file as ``<name>.npz``: one array a column, its words as codes and levels. `SOURCES`
says where it comes from and under which terms.
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


_CC_BY = "Creative Commons Attribution 4.0 International (CC BY 4.0)"

SOURCES = {
    "digits": Source(
        target="digit",
        task="classification",
        about="1797 handwritten digits as 8×8 pixels of 0 to 16",
        credit="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (1998), UCI Machine"
        " Learning Repository, doi:10.24432/C50P49; the test part, as in scikit-learn",
        licence=_CC_BY,
    ),
    "iris": Source(
        target="species",
        task="classification",
        about="150 irises of three species, four measures of each",
        credit="R. A. Fisher, Iris (1936), UCI Machine Learning Repository, doi:10.24432/C56C76; corrected to"
        " Fisher's paper, as in scikit-learn",
        licence=_CC_BY,
    ),
    "wine": Source(
        target="cultivar",
        task="classification",
        about="178 wines of three cultivars, 13 chemical measures of each",
        credit="S. Aeberhard and M. Forina, Wine (1992), UCI Machine Learning Repository, doi:10.24432/C5PC7J",
        licence=_CC_BY,
    ),
    "breast-cancer": Source(
        target="diagnosis",
        task="classification",
        about="569 breast masses, 30 measures of the cell nuclei in each",
        credit="W. Wolberg, O. Mangasarian, N. Street and W. Street, Breast Cancer Wisconsin (Diagnostic)"
        " (1993), UCI Machine Learning Repository, doi:10.24432/C5DW2B",
        licence=_CC_BY,
    ),
    "diabetes": Source(
        target="progression",
        task="regression",
        about="442 patients with diabetes, ten measures of each and how the disease went on for a year",
        credit="B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Least Angle Regression, Annals of"
        " Statistics 32 (2004) 407-499; unscaled, as in scikit-learn",
        licence="distributed with scikit-learn, BSD 3-Clause",
    ),
    "penguins": Source(
        target="species",
        task="classification",
        about="344 penguins of three species near Palmer Station, with missing values",
        credit="K. B. Gorman, T. D. Williams and W. R. Fraser, PLoS ONE 9(3) e90081 (2014); A. M. Horst,"
        " A. P. Hill and K. B. Gorman, palmerpenguins (2020)",
        licence="CC0 1.0",
    ),
}

NAMES = tuple(SOURCES)


def load(table: str) -> Table:
    """A built-in table.

    Raises:
        DataError: there is none of that name.

    Example:
        >>> load("iris").rows
        150
    """
    if table not in SOURCES:
        known = ", ".join(NAMES)
        raise DataError(f"No built-in table {table!r}; there are {known}.{did_you_mean(table, NAMES)}")
    with np.load(Path(__file__).with_name(f"{table}.npz"), allow_pickle=False) as stored:
        matrix, names = stored["numbers"].astype(np.float64), stored["columns"].tolist()
        words = {
            name: Text(stored[f"codes {name}"].astype(np.int32), tuple(stored[f"levels {name}"].tolist()))
            for name in names
            if f"codes {name}" in stored
        }
    numbers = iter(np.ascontiguousarray(matrix.T))
    columns: dict[str, Column] = {name: words[name] if name in words else Numbers(next(numbers)) for name in names}
    return Table(table, columns, len(matrix), target=SOURCES[table].target)
