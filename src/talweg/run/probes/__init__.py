"""Questions asked of a training besides its result: ranges, noise, schedules, other rules, settings that are lists."""
