"""A table from a database: a connection URI and a query. The one door to SQLAlchemy. Nothing is written there.

What opens the database stays here: messages, names and everything that is kept show the URI without user, password
and parameters. A URI can also come from a variable of the environment (`env:NAME`), so that it is typed nowhere.
"""

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final
from urllib.parse import unquote

import numpy as np

from talweg.data.reading.frames import column_of, table_of
from talweg.data.table import Table
from talweg.errors import ConfigError, DataError, MissingExtraError, did_you_mean

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+_]*://")
_VARIABLE = re.compile(r"env:(\w+)")
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""Which driver is meant where a URI names none."""
_ROWS = 50_000
MOST_VALUES = 200_000_000
"""Values that a query may give where it is held in memory."""


def is_database(source: Any) -> bool:
    """Whether a source is a connection URI, or a variable that holds one.

    Example:
        >>> is_database("sqlite:///shop.db"), is_database("env:DATABASE_URL"), is_database("shop.csv")
        (True, True, False)
    """
    return isinstance(source, str) and bool(_URI.match(source) or _VARIABLE.fullmatch(source))


@final
@dataclasses.dataclass(frozen=True)
class Query:
    """A query of a database.

    Attributes:
        uri: a connection URI such as ``sqlite:///shop.db`` or ``postgresql://user:password@host/shop``, or
            ``env:NAME`` for the one in a variable of the environment.
        query: one SQL statement that gives rows.
    """

    uri: str = dataclasses.field(repr=False)
    query: str

    @property
    def name(self) -> str:
        """What may be shown and kept of the URI: neither user nor password nor parameters.

        Example:
            >>> Query("postgresql://me:secret@host:5432/shop?sslpassword=x", "select 1").name
            'postgresql://host:5432/shop'
        """
        if _VARIABLE.fullmatch(self.uri):
            return self.uri
        scheme, _, rest = self.uri.partition("://")
        place = re.split(r"[?#]", rest)[0]
        if "@" in rest and "@" not in place:
            # Perhaps a password with a question mark in it: nothing is shown.
            return f"{scheme}://..."
        # Whatever stands before the last @ may be a password, even one with a slash in it.
        return f"{scheme}://{place.rpartition('@')[2]}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should hear of what is kept of the URI, if that is not all."""
        if self.name == self.uri:
            return ()
        return (
            f"The run keeps the database as {self.name}, without what opens it: to go on with it, or to map it, later,"
            " name it as env:NAME, a variable that holds the URI.",
        )

    def batches(self, rows: int = _ROWS) -> Iterator[tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
        """The columns' names and the rows, some rows at a time.

        Raises:
            MissingExtraError: SQLAlchemy or the database's driver is not installed.
            DataError: the database cannot be reached, or refuses the query.
        """
        try:
            import sqlalchemy
        except ImportError:
            raise MissingExtraError("reading from a database", "sql") from None

        uri = self._resolved()
        with self._mendable(uri):
            engine = sqlalchemy.create_engine(_ready(uri), poolclass=sqlalchemy.pool.NullPool)
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    connection = connection.execution_options(postgresql_readonly=True)
                # Without parameters a driver leaves percent signs (LIKE 'a%') alone.
                asked = connection.execution_options(stream_results=True, no_parameters=True)
                result = asked.exec_driver_sql(self.query)
                if not result.returns_rows:
                    raise DataError(f"The query gives no rows; expected a SELECT. It was: {_short(self.query)}")
                names = tuple(result.keys())
                if twice := [name for place, name in enumerate(names) if name in names[:place]]:
                    raise DataError(f"Column {twice[0]!r} stands twice in the query's result; rename one with AS.")
                for partition in result.partitions(rows):
                    yield names, [tuple(row) for row in partition]

    @contextlib.contextmanager
    def _mendable(self, uri: str) -> Iterator[None]:
        """What SQLAlchemy and the driver complain of, as errors that a person can mend."""
        import sqlalchemy

        try:
            yield
        except sqlalchemy.exc.NoSuchModuleError:
            scheme = uri.partition("://")[0]
            known = ("sqlite", "postgresql", "mysql", "mssql", "oracle")
            raise ConfigError(
                f"{scheme!r} is no kind of database that is known.{did_you_mean(scheme, known)}"
            ) from None
        except ModuleNotFoundError as error:
            raise DataError(
                f"{self.name} needs the driver {error.name!r}; install it with: pip install {error.name}"
            ) from None
        except sqlalchemy.exc.ArgumentError:
            raise ConfigError(
                "The source is no connection URI that can be read; expected one such as sqlite:///shop.db or"
                " postgresql://user:password@host/shop."
            ) from None
        except sqlalchemy.exc.SQLAlchemyError as error:
            reason = _first_line(str(getattr(error, "orig", None) or error))
            raise DataError(f"{self.name} refuses the query or cannot be reached: {_hidden(reason, uri)}") from None

    def table(self) -> Table:
        """All rows as a table in memory.

        Raises:
            MissingExtraError: see `batches`.
            DataError: see `batches`; or there are no rows, or too many of them.
        """
        rows: list[tuple[Any, ...]] = []
        names: tuple[str, ...] = ()
        for names, some in self.batches():
            rows += some
            if len(rows) * len(names) > MOST_VALUES:
                raise DataError(f"The query gives more than {MOST_VALUES:.0e} values; use --stream, or a LIMIT.")
        if not rows:
            raise DataError(f"The query of {self.name} gives no rows; expected at least one.")
        columns = zip(*rows, strict=True)
        return table_of(self.name, {name: column_of(_objects(each)) for name, each in zip(names, columns, strict=True)})

    def spool(self, folder: Path) -> tuple[Path, ...]:
        """Writes all rows as Parquet files of words into a folder, so that they can be gone through again.

        Raises:
            MissingExtraError: see `batches`.
            DataError: see `batches`; or there are no rows.
        """
        import polars as pl

        files: list[Path] = []
        for names, rows in self.batches():
            words = [[None if value is None else str(value) for value in column] for column in zip(*rows, strict=True)]
            frame = pl.DataFrame(dict(zip(names, words, strict=True)), schema=dict.fromkeys(names, pl.String))
            files.append(folder / f"{len(files):06d}.parquet")
            frame.write_parquet(files[-1])
        if not files:
            raise DataError(f"The query of {self.name} gives no rows; expected at least one.")
        return tuple(files)

    def _resolved(self) -> str:
        match = _VARIABLE.fullmatch(self.uri)
        if match is None:
            return self.uri
        if not os.environ.get(match[1]):
            raise ConfigError(f"The variable {match[1]} is not set; it should hold a connection URI.")
        return os.environ[match[1]]


def _ready(uri: str) -> str:
    """The URI with its usual driver; a SQLite file is opened for reading, since SQLite would make a missing one."""
    scheme, _, rest = uri.partition("://")
    if scheme.lower().startswith("sqlite") and rest.strip("/") not in ("", ":memory:") and "?" not in rest:
        path = Path(rest[1:])
        if not path.is_file():
            raise DataError(f"No such database: {path}.")
        return f"{scheme}:///file:{path}?mode=ro&uri=true"
    return f"{_DRIVERS.get(scheme.lower(), scheme)}://{rest}"


def _objects(values: tuple[Any, ...]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "no reason given")


def _hidden(text: str, uri: str) -> str:
    """A message without what a URI keeps secret, should a driver repeat it."""
    secrets = re.findall(r":([^:@/]+)@|[?&][^=&]*=([^&]+)", uri)
    for secret in {part for pair in secrets for part in pair if part}:
        text = text.replace(secret, "***").replace(unquote(secret), "***")
    return text


def _short(query: str) -> str:
    line = " ".join(query.split())
    return line if len(line) <= 80 else line[:77] + "..."
