"""A run's report and runs side by side, one call each, for runs in the hand or in their folders."""

import dataclasses
from pathlib import Path
from typing import Any

from talweg.record.places import existing_run
from talweg.record.seals import write_sealed
from talweg.run.result import Run
from talweg.run.written import open_run
from talweg.view.report.compared import comparison_page, verdict_words
from talweg.view.scenes.shown import Shown
from talweg.view.telling.comparison import Comparison, compare as side_by_side
from talweg.view.telling.told import Told, read_run
from talweg.view.telling.wording import tongue


@dataclasses.dataclass(frozen=True, eq=False)
class Compared:
    """Runs side by side; in a notebook they show themselves.

    Attributes:
        comparison: settings that differ, and a verdict for each pair, as data.
    """

    comparison: Comparison

    def __repr__(self) -> str:
        return f"<Compared: {', '.join(self.comparison.names)}>"

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    @property
    def summary(self) -> dict[str, Any]:
        """The comparison as plain data; its shape is in docs/json.md."""
        return self.comparison.to_dict()

    def sentences(self, lang: str = "en") -> list[str]:
        """What may be said of each pair, in ``"en"`` or ``"de"``."""
        say = tongue(lang)
        return [verdict_words(verdict, say) for verdict in self.comparison.verdicts]

    def page(self, lang: str = "en") -> Shown:
        """The runs as one page."""
        return Shown(comparison_page(self.comparison, lang=lang))

    def save(self, path: str | Path, lang: str = "en") -> Path:
        """Writes the page; returns where."""
        write_sealed(Path(path), self.page(lang).page.encode())
        return Path(path)

    def _repr_html_(self) -> str:
        return self.page()._repr_html_()


def compare(*runs: Run | str | Path) -> Compared:
    """Puts runs side by side: settings that differ, curves, a paired comparison.

    No run is called better where the difference is within the noise of the starts or of the rows held back. Runs that
    differ in their seed alone are taken together.

    Args:
        *runs: two or more, each a run or its folder.

    Raises:
        ConfigError: fewer than two runs.
        RunFolderError: a folder that holds no finished run, or is damaged.

    Example:
        >>> import talweg as tw
        >>> one, other = (tw.train("iris", members=2, max_epochs=5, hidden=units) for units in ((4,), (8,)))
        >>> tw.compare(one, other).comparison.settings["hidden"]
        ['4', '8']
    """
    return Compared(side_by_side([_told(run) for run in runs]))


def _told(run: Run | str | Path) -> Told:
    return run.told if isinstance(run, Run) else read_run(existing_run(Path(run)))


def report(run: Run | str | Path, lang: str = "en", out: str | Path | None = None) -> Shown:
    """The page that explains a run; in a notebook it shows itself.

    Args:
        run: a run or its folder.
        lang: ``"en"`` or ``"de"``.
        out: a folder for the page, the model card and JSON; nothing is written if it is absent.

    Raises:
        ConfigError: for another language.
        RunFolderError: if the folder holds no finished run or is damaged, or a file cannot be written.

    Example:
        >>> import talweg as tw
        >>> run = tw.train("iris", members=2, max_epochs=5)
        >>> tw.report(run, lang="de").page == run.report(lang="de").page
        True
    """
    return (run if isinstance(run, Run) else open_run(run)).report(lang, out)
