"""Rows are read as a whole or rejected with a reason: times, offsets, durations, answers, directions."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Config, Ids, Intake
from engine.errors import InputError
from engine.logs.importer import import_logs
from engine.sources import reasons
from engine.warehouse import sql_text
from engine.warehouse.duckdb import DuckDBWarehouse

CONFIG = Config(ids=Ids(pseudonymise="none"), intake=Intake(max_rejected=1.0))  # however many rows are rejected
KEY = bytes(32)
few = settings(max_examples=8, deadline=None)


def rows(folder, lines, header="caller,callee,started_at,duration_s", mapping="", **options):
    """What became of each row, in order: (start, seconds of talk, answered), or the reason why it was rejected."""
    path = folder / "rows.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    if mapping:
        (folder / "m.toml").write_text(mapping, encoding="utf-8")
    store = DuckDBWarehouse(threads=1)
    try:
        import_logs(
            store, [path], mapping=folder / "m.toml" if mapping else None, options=options, config=CONFIG, key=KEY
        )
        query = """SELECT p.party_id, q.party_id AS callee_id, started_at, duration_s, answered
            FROM events e JOIN parties p ON e.caller = p.node JOIN parties q ON e.callee = q.node"""
        # Each row's parties bear its number: a1 calls b1.
        found = {int(a[1:]): (at, talk, answered, a[0]) for a, _, at, talk, answered in store.query_text(query).rows()}
        reasons = {row - 1: reason for row, reason in store.read("rejects")["row_number", "reason"].rows()}
    finally:
        store.close()
    assert not found.keys() & reasons.keys()
    return [found.get(i, reasons.get(i)) for i in range(len(lines))]


def times(folder, texts, zone=None, mapping=""):
    lines = [f'a{i},b{i},"{text}",60' for i, text in enumerate([*texts, "2024-05-05 12:00:00"])]
    found = rows(folder, lines, mapping=mapping, **({"timezone": zone} if zone else {}))[:-1]
    return [row if isinstance(row, str) else row[0] for row in found]


ABBREVIATIONS = {"EST": -5, "EDT": -4, "CET": 1, "CEST": 2, "MSK": 3, "JST": 9, "NZDT": 13, "UTC": 0, "GMT": 0, "Z": 0}
DAYS = (
    "{0.year:04d}-{0.month:02d}-{0.day:02d}",
    "{0.year:04d}/{0.month}/{0.day}",
    "{0.year:04d}.{0.month:02d}.{0.day:02d}",
)


@st.composite
def spelled(draw):
    """A text of a time, and what it means: (naive moment, zone's text or empty, offset in hours or a zone)."""
    at = draw(st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1))).replace(microsecond=0)
    clock = draw(st.sampled_from(["hms", "hm", "f", "12", "12f", "basic"]))
    digits = draw(st.integers(1, 9))
    fraction = draw(st.integers(0, 10**digits - 1)) if clock in ("f", "12f") else 0
    at = at.replace(second=0) if clock == "hm" else at
    day = draw(st.sampled_from(DAYS)).format(at)
    join = draw(st.sampled_from(["T", " "]))
    hour = draw(st.sampled_from(["{:02d}", "{}"]))
    if clock.startswith("12"):
        text = f"{day} {hour.format(at.hour % 12 or 12)}:{at:%M:%S}"
        text += f"{draw(st.sampled_from('.,'))}{fraction:0{digits}d}" if clock == "12f" else ""
        half = "AM" if at.hour < 12 else "PM"
        text += draw(st.sampled_from([f" {half}", half, f" {half.lower()}", f"\u202f{half}", f" {half[0]}.{half[1]}."]))
    elif clock == "basic":
        text = f"{at:%Y%m%dT%H%M%S}"
    else:
        text = f"{day}{join}{hour.format(at.hour)}:{at:%M}" + ("" if clock == "hm" else f":{at:%S}")
        text += f"{draw(st.sampled_from('.,'))}{fraction:0{digits}d}" if clock == "f" else ""
    at += timedelta(microseconds=fraction * 10**6 // 10**digits)
    zone = draw(st.sampled_from(["", "", "offset", "word", "name"]))
    if not zone:
        return text, at, None
    gap = draw(st.sampled_from(["", " "]))
    if zone == "offset":
        quarters = draw(st.integers(-56, 56))
        sign, (hours, minutes) = "+-"[quarters < 0], divmod(abs(quarters) * 15, 60)
        form = draw(
            st.sampled_from(["{}{:02d}:{:02d}", "{}{:02d}{:02d}", "GMT{}{}:{:02d}"] + ["{}{:02d}"] * (not minutes))
        )
        return text + gap + form.format(sign, hours, minutes), at, timedelta(minutes=15 * quarters)
    if zone == "word":
        word = draw(st.sampled_from(sorted(ABBREVIATIONS)))
        return f"{text} {word}", at, timedelta(hours=ABBREVIATIONS[word])
    name = draw(st.sampled_from(["America/Lima", "Asia/Kolkata", "Asia/Tokyo"]))
    return f"{text} {name}", at, ZoneInfo(name)


def meant(at, own, zone):
    """The moment in UTC; None where the clock of `zone` never shows that time, or shows it twice."""
    if isinstance(own, timedelta):
        return at - own
    local = at.replace(tzinfo=own or zone)
    there = local.astimezone(UTC)
    twice = local.utcoffset() != local.replace(fold=1).utcoffset()
    return None if twice and own is None else there.replace(tzinfo=None)


@few
@given(st.lists(spelled(), min_size=40, max_size=60), st.sampled_from([None, "Europe/Budapest", "America/New_York"]))
def test_times_in_every_writing_are_the_moment_that_is_meant(tmp_path_factory, drawn, zone):
    found = times(tmp_path_factory.mktemp("t"), [text for text, *_ in drawn], zone)
    for (text, at, own), read in zip(drawn, found, strict=True):
        wanted = meant(at, own, ZoneInfo(zone or "UTC"))
        if wanted is not None:
            assert read == wanted, text


BROKEN = [
    "2024-01-15 12:00:00 PMX", "2024-01-15 13:00:00 PM", "2024-01-15 0:30 AM", "2024-01-15 12:00:00 +15:00",
    "2024-01-15 12:00:00 +14:15", "2024-01-15T12:00:00+0545x", "2024-01-15 12:00:00 +02:07", "2024-01-15 12:00:00 XYZ",
    "2024-01-15 12:00:00 Mars/Olympus", "2024-01-15 12:00:00.1234567890", "2024-01-15 12:00:00 x",
    "2024-02-30 12:00:00",
    "2024-01-15 25:00:00", "2024-01-15 12:61:00", "15/01/2024 12:00:00", "2024-01-15 12:00:00 UTC+99", "45306.5",
    "2024-01-15 12:00:00 CE", "infinity", "2024-01-15 12:00:00 (BC)", "2024-01-15 12", "x 2024-01-15 12:00:00",
    "2024-01-15 12:00:00 EST5", "2024-01-15 12:00:00+99:00", "2024-01-15 12:00:00+0", "99 2024-01-15 12:00:00",
]  # fmt: skip
UNCLEAR = ["IST", "CST", "BST", "PST", "AST"]


def test_what_stands_behind_a_time_and_is_not_read_rejects_the_row(tmp_path):
    found = times(tmp_path, BROKEN)
    wrong = {
        text: read
        for text, read in zip(BROKEN, found, strict=True)
        if read not in ("unreadable_time", "time_out_of_window")
    }
    assert set(wrong) <= {"2024-01-15 12:00:00+0"}  # one digit is an hour
    assert times(tmp_path, [f"2024-01-15 12:00:00 {word}" for word in UNCLEAR]) == ["ambiguous_zone"] * len(UNCLEAR)


def test_a_mapping_says_what_an_abbreviation_means(tmp_path):
    mapping = """[columns]\ncaller = "caller"\ncallee = "callee"\nstarted_at = "started_at"\nduration_s = "duration_s"
[time]\nzones = { IST = "Asia/Kolkata", PST = "-08:00" }\n"""
    texts = ["2024-01-15 12:00:00 IST", "2024-01-15 12:00:00 pst", "2024-01-15 12:00:00 CST"]
    wanted = [datetime(2024, 1, 15, 6, 30), datetime(2024, 1, 15, 20), "ambiguous_zone"]
    assert times(tmp_path, texts, mapping=mapping) == wanted


@pytest.mark.parametrize("zone", ["Europe/Budapest", "America/New_York", "Australia/Lord_Howe", "America/Havana"])
def test_times_that_a_clock_skips_are_rejected_and_no_others(tmp_path, zone):
    rng, there = random.Random(zone), ZoneInfo(zone)
    start = datetime(2024, 1, 1)
    quarters = [start + timedelta(minutes=15 * i) for i in range(366 * 96)]
    skipped = [
        at for at in quarters if at.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) != at
    ]
    assert skipped
    others = [at for at in rng.sample(quarters, 200) if at not in skipped]
    found = times(tmp_path, [f"{at:%Y-%m-%d %H:%M:%S}" for at in [*skipped, *others]], zone)
    assert [read == "skipped_time" for read in found] == [True] * len(skipped) + [False] * len(others)


FORMATS = [
    ("%d/%b/%Y:%H:%M:%S %z", "15/Jan/2024:12:00:00 +0200", datetime(2024, 1, 15, 10)),
    ("%d/%b/%Y:%H:%M:%S %z", "15/Jan/2024:12:00:00 +9900", "unreadable_time"),
    ("%d/%b/%Y:%H:%M:%S %z", "15/Jan/2024:12:00:00", "unreadable_time"),
    ("%a %b %d %H:%M:%S %z %Y", "Mon Jan 15 12:00:00 +0530 2024", datetime(2024, 1, 15, 6, 30)),
    ("%a %b %d %H:%M:%S %z %Y", "Mon Jan 15 12:00:00 +1500 2024", "unreadable_time"),
    ("%Y-%m-%d %H:%M:%S %Z", "2024-01-15 12:00:00 EST", datetime(2024, 1, 15, 17)),
    ("%Y-%m-%d %H:%M:%S %Z", "2024-01-15 12:00:00 IST", "ambiguous_zone"),
    ("%d.%m.%Y %H:%M", "15.01.2024 12:00", datetime(2024, 1, 15, 11)),
    ("%d.%m.%Y %H:%M", "15.01.2024 12:00:30", "unreadable_time"),
    ("%d.%m.%Y %H:%M", "15.01.2024 12:00 PM", "unreadable_time"),
    ("%d.%m.%Y %H:%M", "31.03.2024 02:30", "skipped_time"),
    ("%Y-%m-%d %I:%M:%S %p", "2024-01-15 12:30:00 AM", datetime(2024, 1, 14, 23, 30)),
    ("%Y-%m-%d %I:%M:%S %p", "2024-01-15 13:30:00 AM", "unreadable_time"),
]


def test_formats_match_the_whole_text_and_its_own_offset_goes_before_the_zone(tmp_path):
    for form in dict.fromkeys(form for form, *_ in FORMATS):
        mapping = f"""[columns]\ncaller = "caller"\ncallee = "callee"\nstarted_at = "started_at"
duration_s = "duration_s"\n[time]\nformats = ["{form}", "%Y-%m-%d %H:%M:%S"]\ntimezone = "Europe/Budapest"\n"""
        cases = [(text, wanted) for own, text, wanted in FORMATS if own == form]
        assert times(tmp_path, [text for text, _ in cases], mapping=mapping) == [wanted for _, wanted in cases], form


NUMBERS = [
    ('form = "seconds"', "1705312800.5", datetime(2024, 1, 15, 10, 0, 0, 500000)),
    ('form = "milliseconds"', "1705312800000", datetime(2024, 1, 15, 10)),
    ('form = "microseconds"', "1705312800000000", datetime(2024, 1, 15, 10)),
    ('form = "seconds"\nepoch = "2001-01-01"', "727005600.25", datetime(2024, 1, 15, 10, 0, 0, 250000)),
    ('form = "relative"\nepoch = 2001-01-01', "727005600", datetime(2024, 1, 15, 10)),
    ('form = "days"', "45306.5", datetime(2024, 1, 15, 12)),
]


@pytest.mark.parametrize(("form", "text", "wanted"), NUMBERS)
def test_numbers_count_from_the_day_that_is_said_whatever_the_zone(tmp_path, form, text, wanted):
    mapping = f"""[columns]\ncaller = "a"\ncallee = "b"\nstarted_at = "t"\nduration_s = "s"\nutc_offset = "o"
[time]\n{form}\ntimezone = "Europe/Budapest"\n"""
    found = rows(tmp_path, [f"a0,b0,{text},5,+02:00", "a1,b1,soon,5,"], "a,b,t,s,o", mapping)
    assert (found[0][0], found[1]) == (wanted, "unreadable_time")


OFFSETS = {
    "": {"+0200": 120, "+02:00": 120, "2": 120, "-5": -300, "0530": 330, "05:45": 345, "UTC+2": 120, "Z": 0, "0": 0,
         "": 0, "+1400": 840, "-14:00": -840, "7200": None, "-7200": None, "3600": None, "120": None, "330": None,
         "-300": None, "+15": None, "+14:30": None, "02:07": None, "x": None, "2.0": None},
    "seconds": {"7200": 120, "-7200": -120, "0": 0, "19800": 330, "50401": None, "2": None, "120": None, "+0200": None,
                "54000": None, "": 0},
    "minutes": {"120": 120, "330": 330, "-300": -300, "2": None, "7200": None, "855": None},
    "hours": {"2": 120, "5.5": 330, "-3.5": -210, "15": None, "120": None},
}  # fmt: skip


@pytest.mark.parametrize("unit", sorted(OFFSETS))
def test_offsets_are_read_in_the_unit_that_the_mapping_says(tmp_path, unit):
    mapping = f"""[columns]\ncaller = "a"\ncallee = "b"\nstarted_at = "t"\nduration_s = "s"\nutc_offset = "o"
[time]\n{f'offset_unit = "{unit}"' if unit else ""}\n"""
    lines = [f"a{i},b{i},2024-01-15T12:00:00,60,{text}" for i, text in enumerate(OFFSETS[unit])]
    lines.append(f"a{len(lines)},b{len(lines)},2024-01-15T12:00:00+01:00,60,99999")  # the text's own goes before
    found = rows(tmp_path, lines, "a,b,t,s,o", mapping)
    wanted = [
        "unreadable_offset" if minutes is None else datetime(2024, 1, 15, 12) - timedelta(minutes=minutes)
        for minutes in OFFSETS[unit].values()
    ]
    assert [row if isinstance(row, str) else row[0] for row in found] == [*wanted, datetime(2024, 1, 15, 11)]


@st.composite
def durations(draw):
    """A text of a duration and its seconds."""
    seconds = draw(st.integers(1, 300_000))
    form = draw(st.sampled_from(["n", "f", "clock", "padded", "days", "days", "iso", "words", "point", "zero"]))
    h, m, s = seconds // 3600, seconds // 60 % 60, seconds % 60
    clock = f"{h % 24:02d}:{m:02d}:{s:02d}"
    text = {
        "n": f"{seconds}", "f": f"{seconds}.0", "clock": f"{h}:{m:02d}:{s:02d}", "padded": f"{h:02d}:{m:02d}:{s:02d}",
        "days": f"{h // 24} days {clock}", "iso": f"PT{h}H{m}M{s}S", "words": f"{h}h {m} min {s} sec",
        "point": f"{h}:{m:02d}:{s:02d}.4", "zero": f"0{h}:{m:02d}:{s:02d}",
    }[form]  # fmt: skip
    return text, seconds


@few
@given(st.lists(durations(), min_size=40, max_size=60))
def test_durations_in_every_writing_are_the_seconds_that_are_meant(tmp_path_factory, drawn):
    lines = [f"a{i},b{i},2024-01-15 12:00:00,{text}" for i, (text, _) in enumerate(drawn)]
    found = rows(tmp_path_factory.mktemp("d"), lines)
    assert [row if isinstance(row, str) else row[1] for row in found] == [seconds for _, seconds in drawn]


@pytest.mark.parametrize(("form", "seconds"), [("", None), ("mm:ss", 90), ("hh:mm", 5400)])
def test_two_parts_are_read_as_the_mapping_says_or_not_at_all(tmp_path, form, seconds):
    mapping = f"""[columns]\ncaller = "a"\ncallee = "b"\nstarted_at = "t"\nduration_s = "s"
[duration]\n{f'form = "{form}"' if form else ""}\n"""
    texts = ["01:30", "00:01:30", "1:75", "60s x", "1:2:3:4", "5 m 500 ms", "1,5", "0:90:00", "-0:00:05", "90"]
    lines = [f'a{i},b{i},2024-01-15 12:00:00,"{text}"' for i, text in enumerate(texts)]
    found = [row if isinstance(row, str) else row[1] for row in rows(tmp_path, lines, "a,b,t,s", mapping)]
    bad = "unreadable_duration"
    assert found == [seconds or bad, 90, bad, bad, bad, bad, bad, bad, bad, 90]


ANSWERS = {
    False: ["NO ANSWER", "BUSY", "FAILED", "missed", "cancel", "False", "0", "0.0", "no", "ORIGINATOR_CANCEL",
            "besetzt", "sin respuesta", "nem", "Voicemail"],
    True: ["ANSWERED", "true", "1", "Completed", "NORMAL_CLEARING", "ja", "oui", "igen", "incoming", ""],
    None: ["N/A", "16", "17", "19", "perhaps", "-", "2"],
}  # fmt: skip


def test_words_for_answers_are_known_or_the_row_is_rejected(tmp_path):
    cases = [(word, wanted) for wanted, words in ANSWERS.items() for word in words]
    lines = [f"a{i},b{i},2024-01-15 12:00:00,20,{word}" for i, (word, _) in enumerate(cases)]
    found = rows(tmp_path, lines, "caller,callee,started_at,duration_s,answered")
    wanted = {False: (0, False), True: (20, True), None: "unknown_answered"}
    for (word, meaning), row in zip(cases, found, strict=True):
        assert (row if isinstance(row, str) else row[1:3]) == wanted[meaning], word


def test_a_mapping_goes_before_the_known_words(tmp_path):
    said = '[columns]\ncaller = "a"\ncallee = "b"\nstarted_at = "t"\nduration_s = "s"\nanswered = "w"\n'
    lines = [f"a{i},b{i},2024-01-15 12:00:00,20,{word}" for i, word in enumerate(["16", "17", "busy", "perhaps", "ok"])]
    for other, last in (("reject", "unknown_answered"), ("yes", True), ("no", False)):
        mapping = said + f'[answered]\nyes = ["16", "busy"]\nno = ["17", "ok"]\nother = "{other}"\n'
        found = rows(tmp_path, lines, "a,b,t,s,w", mapping)
        assert [row if isinstance(row, str) else row[2] for row in found] == [True, False, True, last, False]


WAYS = {
    "in": ["Incoming", "MT", "mtc", "inbound", "eingehend", "entrante"],
    "out": ["Outgoing", "MO", "moc", "outbound-api", "Emis", "kimenő", "dialed"],
    "missed": ["Missed", "Rejected", "verpasst"],
    "unknown": ["Voicemail", "Internal", "", "x"],
}


def test_directions_are_known_or_the_row_is_rejected(tmp_path):
    cases = [(word, way) for way, words in WAYS.items() for word in words]
    lines = [f"a{i},b{i},2024-01-15 12:00:00,20,{word}" for i, (word, _) in enumerate(cases)]
    found = rows(tmp_path, lines, "caller,callee,started_at,duration_s,direction")
    wanted = {"in": (20, True, "b"), "out": (20, True, "a"), "missed": (0, False, "b"), "unknown": "unknown_direction"}
    for (word, way), row in zip(cases, found, strict=True):
        assert (row if isinstance(row, str) else row[1:]) == wanted[way], word


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('[time]\nepoch = "yesterday"', "YYYY-MM-DD"),
        ('[time]\noffset_unit = "days"', "time.offset_unit"),
        ('[time]\noffset = 2', "time.offset"),
        ('[time]\nzones = { IST = 5 }', "time.zones.IST"),
        ('[duration]\nform = "ss"', "duration.form"),
        ('[answered]\nother = "maybe"', "answered.other"),
        ('[direction]\ninbound = ["x"]', "direction.inbound"),
        ('[parties]\nnobodies = ["x"]', "parties.nobodies"),
        ("extensions = 1", "extensions"),
    ],
)  # fmt: skip
def test_what_a_mapping_cannot_say_is_named(tmp_path, keys, says):
    first, rest = (keys, "") if keys.startswith("extensions") else ("", keys)
    columns = '[columns]\ncaller = "a"\ncallee = "b"\nstarted_at = "t"\nduration_s = "s"\n'
    with pytest.raises(InputError) as error:
        rows(tmp_path, ["a0,b0,2024-01-15 12:00:00,20"], "a,b,t,s", f"{first}\n{columns}{rest}\n")
    assert says in str(error.value)


def test_every_reason_has_words_and_a_remedy():
    parse, bad = (sql_text(f"logs/{name}") for name in ("2_rows/parse", "3_people/bad_rows"))
    listed = re.search(r"END::ENUM\((.*?)\)", parse, re.DOTALL)[1]
    known = {*re.findall("'(\\w+)'", listed), *re.findall("(?:THEN|ELSE) '(\\w+)'", bad), "nobody", "rounded_number"}
    assert known - {"left_out"} == set(reasons.REASONS)
    assert all(words and remedy.endswith(".") for words, remedy in reasons.REASONS.values())
