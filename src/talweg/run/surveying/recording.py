"""How much of a training's trajectory is kept: what `record.trajectory` does, for a job and its settings."""

from talweg.objective.models import parameter_count
from talweg.record.trajectory import MEGABYTE, Plan, plan, usual_budget
from talweg.run.job import Job


def recording(job: Job) -> Plan:
    """How much of a training's trajectory is kept."""
    settings, size = job.settings, parameter_count(job.network.model, job.network.input_shape)
    budget = usual_budget(settings.members, size) if settings.record == "auto" else int(settings.record * MEGABYTE)
    return plan(settings.members, size, int(settings.max_epochs), budget)
