"""What sql/logs/2_rows/parse.sql is handed: how a profile's times, words and units read."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError
from engine.intake import clocks
from engine.logs import words

if TYPE_CHECKING:
    from engine.clock import Clock
    from engine.config import Config
    from engine.logs.mapping import Profile


def parameters(profile: Profile, options: dict[str, Any], config: Config, clock: Clock) -> dict[str, Any]:
    """Parameters of sql/logs/2_rows/parse.sql, but for those that depend on the file (`gaps`, `directed`).

    Args:
        profile: how rows read.
        options: what the user said for this import: `epoch`.
        config: settings; section logs is used.
        clock: by which the day of rows without times begins.

    Raises:
        ConfigError: a setting that should be a day is none.
    """
    epoch = options.get("epoch") if isinstance(options.get("epoch"), date) else None
    kinds, ways, answers = words.kinds(profile), words.directions(profile), words.answers(profile)
    return {
        **clocks.parameters(profile, epoch),
        "day": str(clock.start(epoch or date(1970, 1, 1))),
        "words": list(kinds),
        "meanings": list(kinds.values()),
        "kind": profile.kind,
        "direction_words": list(ways),
        "directions": list(ways.values()),
        "answer_words": list(answers),
        "answers": list(answers.values()),
        "other": profile.rules.other,
        "no_ids": list(words.NO_CALL_ID),
        "seconds": profile.seconds_per_unit,
        "megabytes": profile.megabytes_per_unit,
        "earliest": _day(config.logs.earliest, "logs.earliest"),
        "latest": _day(config.logs.latest, "logs.latest"),
    }


def _day(text: str, setting: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{setting} = {text!r} is not a day.", fix="Write it as YYYY-MM-DD.") from None
