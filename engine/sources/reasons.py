"""Reasons why rows are rejected: each with its meaning in words and its remedy."""

from __future__ import annotations

# Of call records: reason -> what it means, what to do.
REASONS: dict[str, tuple[str, str]] = {
    "wrong_columns": ("another number of fields than the header", "Check the delimiter."),
    "not_utf8": ("bytes that are no text in this encoding", "Save the file as UTF-8, or name its encoding."),
    "unknown_kind": ("a kind of record that nobody named", 'Name it in the mapping: [values.kind] "word" = "call".'),
    "unknown_direction": (
        "a direction that does not say who called whom",
        'Name it in the mapping: [values.direction] "word" = "incoming", or leave the column out if the parties stand '
        "as they are called.",
    ),
    "missing_party": ("an empty caller or callee", "Check which columns hold the parties."),
    "nobody": (
        "a word for nobody (NULL, anonymous, withheld, -2 ...) where a party should be",
        'Nothing to do if they are; further words: [parties] nobody = ["..."].',
    ),
    "rounded_number": (
        "a number that a spreadsheet rounded (3.46E+10): its last digits are lost",
        "Export it again with the column as text.",
    ),
    "self_call": ("a party that calls itself", "Check which columns hold the parties."),
    "service_number": ("a number listed in logs.service_numbers", "Nothing to do."),
    "short_code": (
        "a short code beside a phone number",
        "If these are extensions of an exchange: extensions = true in the mapping, or logs.short_codes = keep.",
    ),
    "unreadable_offset": (
        "an offset from UTC that is not +hh, +hhmm or +hh:mm within 14 hours",
        'Name its unit in the mapping: [time] offset_unit = "seconds" (or minutes, hours).',
    ),
    "ambiguous_zone": (
        "a time zone's abbreviation that means more than one (IST, CST ...)",
        'Say which one: [time] zones = { IST = "Asia/Kolkata" }.',
    ),
    "skipped_time": (
        "a local time that the clock skips when it is put forward",
        "Check the time zone: the file may be in another one, or in UTC.",
    ),
    "unreadable_time": (
        "a time that cannot be read as a whole",
        'Name the form of the times in a mapping file: [time] formats = ["%d.%m.%Y %H:%M"], or of numbers '
        'form = "seconds" (milliseconds, days ...).',
    ),
    "time_out_of_window": (
        "a time before logs.earliest or after logs.latest",
        "Check logs.earliest and logs.latest, or the unit of the times.",
    ),
    "unknown_answered": (
        "a word that does not say whether the call was answered",
        'Name it in the mapping: [values.answered] "word" = "no", or [answered] other = "yes".',
    ),
    "unreadable_duration": (
        "a duration that is missing or cannot be read",
        'Durations are seconds or h:mm:ss; of two parts [duration] form = "mm:ss"; of two times '
        "date_diff('second', begin, end) gives the seconds (columns.duration_s).",
    ),
    "negative_duration": ("a negative duration (but -1 is a missed call)", "Check the column of durations."),
    "unreadable_sum": ("a sum of calls or texts that is no number", "Check the columns of sums."),
    "no_contact": ("sums of nothing", "Nothing to do."),
}
# Of other tables, beside those above that they share. The words follow the name of a column.
OF_TABLES: dict[str, tuple[str, str]] = {
    "missing": ("missing", "Fill it in, or check which column holds it."),
    "not_a_whole_number": ("not a whole number", 'Say how numbers are written: [numbers] decimal = ",".'),
    "not_a_number": ("not a number", 'Say how numbers are written: [numbers] decimal = ",".'),
    "not_a_day": ("not a day (YYYY-MM-DD)", 'Say how days are written: [time] formats = ["%d/%m/%Y"].'),
    "not_a_time": (
        "not a time (YYYY-MM-DD HH:MM:SS, UTC)",
        'Say how times are written: [time] formats = ["%d/%m/%Y %H:%M"].',
    ),
    "not_yes_or_no": ("not true or false", 'Name the word in the mapping: [values.<column>] "word" = "yes".'),
    "unknown_purpose": ("no purpose of a consent", 'Name it in the mapping: [values.purpose] "word" = "own_face".'),
    "neither_granted_nor_withdrawn": ("missing, and withdrawn_at too", "Fill in when it was granted or withdrawn."),
    "not_8_digits": ("not 8 digits", "Check which column holds the TAC."),
    "not_a_propensity": ("not above 0 and up to 1", "Check which column holds the chance of the treatment."),
    "too_large": ("not below 1,000,000,000", "Check which column holds amounts of money."),
    "impossible_age": ("not between 0 and 130", "Check which column holds the age."),
    "opted_out": ("opted out", "Nothing to do: nothing of these people is stored."),
    "cut_short": ("the file is cut here", "Get the whole file."),
    "not_a_photo_name": ("not the name of a photo", "Name files such as anna.jpg or anna.png."),
    "outside_the_folder": ("leads out of the folder of the table", "Put the photos beside the table or below it."),
    "no_such_file": ("there is no such file", "Check the path, which is relative to the table."),
    "name_not_utf8": ("the file's name is not UTF-8", "Rename the file."),
    "unusable_photo": ("a photo that cannot be used", "Save it again as JPEG or PNG."),
    "unreadable_file": ("cannot be read", "Check the path and who may read the file."),
    "unknown_photo": ("no photo of the inventory", "Check the id, or give a column path to bring the photo."),
    "contradicts": ("contradicts what else is said of this photo", "Say it once, or say the same."),
    "not_in_experiment": ("not in this experiment", "Check that it is this experiment's file; assign first."),
    "unknown_arm": ("no arm of a plan", "Check which column holds the arm."),
}
# What a mapping can tell: many such rows are a column that is read wrongly, not rows that are wrong.
MAPPABLE = frozenset((
    "not_a_whole_number", "not_a_number", "not_a_day", "not_a_time", "not_yes_or_no", "unknown_purpose",
    "not_a_propensity", "too_large", "impossible_age",
))  # fmt: skip


def meaning(reason: str) -> str:
    """What a reason means, in words; the reason itself where none are known."""
    return _EVERY[reason][0] if reason in _EVERY else reason.replace("_", " ")


def remedy(reason: str) -> str:
    """What helps."""
    return _EVERY[reason][1] if reason in _EVERY else "Check the columns against the format."


_EVERY = REASONS | OF_TABLES
