"""A run folder that was looked over, in the terminal: what is damaged, what mends it, whether the run is of use."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.record.findings import DAMAGED, LEFTOVER, MISSING, NOT_OURS, UNSEALED, WHOLE, Finding
from talweg.record.verify import Verified

_STYLES = {DAMAGED: "bold red", MISSING: "bold red", UNSEALED: "yellow"}


def verified_text(found: Verified) -> RenderableType:
    """What `talweg verify` says."""
    told = [one for state in (DAMAGED, MISSING, UNSEALED, LEFTOVER, NOT_OURS) for one in found.of(state)]
    whole = len(found.of(WHOLE))
    counted = f"{found.run}: {whole} {'file is as it was' if whole == 1 else 'files are as they were'} written."
    return Group(*([_table(told), Text()] if told else []), Text(counted), *map(Text, _of_use(found)))


def _table(told: list[Finding]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for one in told:
        mend = f"; mend: {one.mend}" if one.mend else ""
        grid.add_row(one.file, Text(one.state, style=_STYLES.get(one.state, "dim")), one.reason + mend)
    return grid


def _of_use(found: Verified) -> list[str]:
    """Whether the run can be read and go on."""
    if not found.finished:
        on = f"it goes on with: talweg resume {found.run}" if found.resumable else "it cannot go on"
        return [f"The run has not come to its end; {on}."]
    if found.whole:
        return []
    read = "can be shown, explained and applied" if found.readable else "cannot be shown or applied as it is"
    return [f"The run {read}."]
