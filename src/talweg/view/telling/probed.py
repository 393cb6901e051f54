"""What a range test and a measurement of the gradient's noise say of a run, a sentence each. Charts are in `report`."""

from collections.abc import Mapping
from typing import Any

from talweg.view.telling.wording import Tongue


def range_words(found: Mapping[str, Any], say: Tongue) -> str:
    """How the learning rate was found.

    Args:
        found: the JSON object of `talweg find-lr`.
        say: the language.
    """
    low, high = (say.number(found["learning_rate"][place], 2) for place in (0, -1))
    if found["suggestion"] is None:
        return say("text.rate.untold", low=low, high=high, usual=say.number(found["usual"]))
    # Tests of version 1 took what the members read as it was.
    inner, outer = (say.number(end, 2) for end in found.get("tested_interval") or found["interval"])
    told = {"rate": say.number(found["suggestion"], 2), "members": say.count("members", found["members"])}
    told |= {"low": low, "high": high, "inner": inner, "outer": outer}
    if "tested" not in found:
        return say("text.rate.tested", **told)
    share = say.percent(found["weight"], 0)
    tested, known = say.number(found["tested"], 2), say.number(found["known"], 2)
    return say("text.rate.weighed", tested=tested, known=known, share=share, **told)


def noise_words(found: Mapping[str, Any], say: Tongue) -> str:
    """How good a batch of the size used was at the start, how much cheaper, and which size the noise scale suggests.

    Args:
        found: the JSON object of `talweg noise`.
        say: the language.
    """
    used = found["batch_size"]
    place = next(place for place, time in enumerate(found["times"]) if time["batch_size"] == used)
    start = found["stages"][0]["sizes"][place]
    times = found["times"][-1]["step_seconds"] / found["times"][place]["step_seconds"]
    return say(
        "text.batches.noise",
        rows=say.whole(used),
        cosine=say.number(start["cosine"], 2),
        times=say.number(max(times, 1.0), 2),
        suggestion=say.whole(found["suggestion"]),
    )
