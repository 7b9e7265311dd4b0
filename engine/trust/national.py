"""Numbers in national form: which number of the world each is; many are read by several processes.

The library that knows every country's numbers takes some 17 microseconds each: a million take 19 s on one processor.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from engine import processes
from engine.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

_MANY, _CHUNK = 100_000, 20_000  # numbers from which on processes are worth their start, and numbers at once


def read(values: pl.Series, region: str, rules: int) -> list[str | None]:
    """E.164 form of national numbers, None where the library says it is no possible number of that country.

    Args:
        values: texts.
        region: two letters of a country; empty = none of them is a number.
        rules: `ids.rules` of the workspace.

    Raises:
        ConfigError: there is no such country.
    """
    if not region:
        return []
    import phonenumbers

    region = region.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ConfigError(f"ids.region = {region!r} is not a country.", fix="Use two letters such as HU or US.")
    several = min(len(os.sched_getaffinity(0)), len(values) // _CHUNK)
    if len(values) < _MANY or several < 2:
        return _read(values.to_list(), region, rules)
    lines = (json.dumps(values[at : at + _CHUNK].to_list()) for at in range(0, len(values), _CHUNK))
    answers = processes.answers("engine.trust.national", [region, str(rules)], lines, several)
    return [number for answer in processes.in_order(answers) for number in answer["numbers"]]


def _read(texts: list[str], region: str, rules: int) -> list[str | None]:
    import phonenumbers

    if rules < 3:
        return [_number(text, region) for text in texts]
    code = str(phonenumbers.country_code_for_region(region))
    return [number_of(text, region, code) for text in texts]


def number_of(text: str, region: str, code: str) -> str | None:
    """A number of a region, or of the world without its +.

    Digits that begin with the region's own country code and are a number with it are one: 491709177911 is
    +491709177911, though 0491 is a German area code too. The zero that a spreadsheet took from the front of a national
    number is no loss: the library reads 1709177911 as 01709177911.
    """
    digits = "".join(letter for letter in text if letter.isdigit())
    world = f"+{digits}" if len(digits) > 7 and not digits.startswith("0") else ""
    if world and digits.startswith(code) and (found := _number(world, region)):
        return found
    return _number(text, region) or (_number(world, region) if world else None)


def _number(text: str, region: str) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


def main() -> None:
    """Answer lines of numbers, see `read`."""
    import sys

    region, rules = sys.argv[1], int(sys.argv[2])

    def work(line: str) -> dict[str, Any]:
        return {"numbers": _read(json.loads(line), region, rules)}

    processes.serve(work)


if __name__ == "__main__":
    main()
