"""Files by a mapping: every table, kept mappings, what is refused, and that nothing is lost or half read."""

from __future__ import annotations

import re
import stat

import polars as pl
import pytest

import engine
from engine.errors import InputError
from engine.logs import mapping

LOG = "a,b,day,time,s,up\n" + "".join(
    f"+3630111{i:04},+3630222{i:04},2026-03-01,10:{i:02}:00,{i},{i}\n" for i in range(1, 41)
)
SAID = """
[columns]
caller = "a"
callee = "b"
started_at = { sql = "day || ' ' || time" }
duration_s = "s"
"""


@pytest.fixture
def space(tmp_path):
    return engine.create(tmp_path / "w", ids__pseudonymise="none")


def put(folder, name: str, text: str):
    (folder / name).write_text(text, "utf-8")
    return folder / name


def logs(space, tmp_path, said: str, rows: str = LOG, **options):
    return engine.import_logs(
        space, [put(tmp_path, "log.csv", rows)], mapping=put(tmp_path, "m.toml", said), **options
    )[0]


def table(space, tmp_path, target: str, said: str, rows: str):
    return engine.import_table(
        space, target, put(tmp_path, "t.csv", rows), mapping=put(tmp_path, "m.toml", said) if said else None
    )


def read(space, name: str) -> pl.DataFrame:
    with space.warehouse(read_only=True) as store:
        return store.read(name)


# ---- what is refused ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("colums = 1" + SAID, "no key 'colums'"),
        (SAID + 'kaller = "a"', "columns.kaller"),
        (SAID + 'answered = { sql = "s", x = 1 }', "columns.answered should be"),
        (SAID + "answered = { sql = 1 }", "columns.answered.sql should be text"),
        (SAID + 'answered = { sql = "(select 1)" }', "columns.answered .* subquery"),
        (SAID + "answered = { sql = \"read_csv('x')\" }", "columns.answered .* no function read_csv"),
        (SAID + 'volume_mb = "upp"', "columns.volume_mb: there is no column 'upp'. Did you mean 'up'"),
        (
            SAID + 'volume_mb = { sql = "upp / 2" }',
            "columns.volume_mb = 'upp / 2': there is no column 'upp'. Did you mean 'up'",
        ),
        (
            SAID + 'volume_mb = { sql = "s = 1" }',
            "columns.volume_mb .* gives true or false, and volume_mb is a number",
        ),
        (
            SAID + "call_id = { sql = \"date_trunc('day', day)\" }",
            "columns.call_id .* gives a time, and call_id is a text",
        ),
        (SAID + '[rows]\nwhere = "s"', "rows.where .* a text, not true or false"),
        (SAID + '[rows]\nwhere = "ss > 1"', "rows.where .* no column 'ss'. Did you mean 's'"),
        (SAID + '[rows]\nwhen = "s > 1"', "no key rows.when"),
        (SAID + '[numbers]\ndecimal = ";"', "numbers.decimal"),
        (SAID + '[numbers]\nthousands = "x"', "numbers.thousands"),
        (SAID + '[numbers]\npoint = ","', "no key numbers.point"),
        (SAID + '[values.kind]\nx = "fax"', "values.kind.'x' = 'fax' is not allowed. Ours: call, text, data"),
        (SAID + '[values.caller]\nx = "y"', "values.caller"),
        (SAID + '[values]\nkind = "call"', "values.kind should be a table"),
        ('for = "customers"' + SAID, "for = 'customers'"),
        ('[columns]\ncaller = "a"\nstarted_at = "day"\nduration_s = "s"', "does not say where callee is"),
    ],
)
def test_a_mapping_that_does_not_fit_is_one_line_and_stores_nothing(space, tmp_path, said, why):
    with pytest.raises(InputError, match=why) as told:
        logs(space, tmp_path, said)
    assert "\n" not in str(told.value) and told.value.fix
    assert read(space, "sources").height == 0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('[columns]\ncustomer_id = "idd"', "columns.customer_id: there is no column 'idd'. Did you mean 'id'"),
        ('further = ["x"]\n[columns]\ncustomer_id = "id"', "further: there is no column 'x'"),
        ('[columns]\ncustomer_id = "id"\nage = { sql = "id = 1" }', "columns.age .* gives true or false"),
        ('[columns]\ncustomer_id = "id"\n[time]\nformat = "%Y"', "no key time.format"),
        ('[columns]\ncustomer_id = "id"\nbirth_date = "born"\n[time]\ntimezone = "Mars/City"', "no time zone"),
        ('kind = { default = "call" }\n[columns]\ncustomer_id = "id"', "no key 'kind' in a mapping of customers"),
        ('[columns]\ncustomer_id = "id"\n[rows]\nwhere = "id = 0"', "leaves out all of its 1 rows"),
    ],
)
def test_a_mapping_of_customers_that_does_not_fit(space, tmp_path, said, why):
    with pytest.raises(InputError, match=why):
        table(space, tmp_path, "customers", said, "id,born\n1,1980-01-01\n")
    assert read(space, "sources").height == 0


def test_a_mapping_of_other_tables_has_their_columns_only(space, tmp_path):
    with pytest.raises(InputError, match="headline"):
        table(space, tmp_path, "consents", '[columns]\nheadline = "x"', "x\n1\n")


# ---- what is read ------------------------------------------------------------------------------------------------
def test_rows_left_out_are_counted_and_rejected_rows_keep_their_numbers(space, tmp_path):
    rows = LOG.replace(",10:05:00,", ",noon,").replace(",10:09:00,", ",noon,")
    done = logs(space, tmp_path, SAID + '[rows]\nwhere = "s > 8"', rows)
    assert (done.rows_in, done.rows_kept, done.rows_rejected, done.rows_left_out) == (40, 31, 1, 8)
    assert read(space, "rejects")["row_number"].to_list() == [9]
    again = logs(space, tmp_path, SAID + '[rows]\nwhere = "s > 8"', rows)
    assert again.details == {"file_seen_before": 40}


def test_a_corrected_mapping_is_another_reading_and_a_remark_is_none(space, tmp_path):
    first = logs(space, tmp_path, 'name = "mine"' + SAID)
    assert logs(space, tmp_path, 'name = "mine"  # a remark' + SAID).details == {"file_seen_before": 40}
    other = logs(space, tmp_path, 'name = "mine"' + SAID + '[time]\ntimezone = "Europe/Berlin"')
    assert other.source_id != first.source_id and other.rows_kept == 40


def test_lines_that_the_fast_reader_does_not_take_read_the_same(space, tmp_path):
    said = SAID.replace('"s"', '{ sql = "s * 2" }') + '[rows]\nwhere = "s > 8"'
    clean = logs(space, tmp_path, said)
    dirty = logs(space, tmp_path, said, LOG.replace("2026-03-01", "2026-03-02") + '+36301,"x\n')
    assert (dirty.rows_kept, dirty.rows_left_out) == (clean.rows_kept, clean.rows_left_out) == (32, 8)
    assert dirty.rows_rejected == 1
    events = read(space, "events").with_columns(day=pl.col("started_at").dt.day()).sort("started_at")
    assert events.filter(day=1)["duration_s"].equals(events.filter(day=2)["duration_s"])


def test_parquet_columns_have_types_of_their_own(space, tmp_path):
    frame = pl.read_csv(put(tmp_path, "log.csv", LOG)).select(
        "a", "b", "up", t=pl.concat_str("day", pl.lit(" "), "time").str.to_datetime(), s=pl.col("s").cast(pl.Float64)
    ).with_columns(pl.col("a", "b").cast(pl.String), end=pl.col("t") + pl.duration(seconds="s"))  # fmt: skip
    frame.write_parquet(tmp_path / "log.parquet")
    said = """
    [columns]
    caller = "a"
    callee = "b"
    started_at = { sql = "t + to_seconds(60)" }
    duration_s = { sql = "date_diff('second', t, \\"end\\") + s * 0" }
    [time]
    timezone = "Europe/Berlin"
    [numbers]
    decimal = ","
    """
    done = engine.import_logs(space, [tmp_path / "log.parquet"], mapping=put(tmp_path, "m.toml", said))[0]
    events = read(space, "events").sort("started_at")
    assert done.rows_kept == 40
    assert events["duration_s"].to_list() == list(range(1, 41))
    assert str(events["started_at"][0]) == "2026-03-01 09:02:00"


def test_pieces_of_a_file_read_as_the_whole(space, tmp_path, monkeypatch):
    said = SAID.replace('"s"', '{ sql = "s * 2" }') + '[rows]\nwhere = "s > 8"'
    other = engine.create(tmp_path / "other", ids__pseudonymise="none")
    whole = logs(space, tmp_path, said)
    monkeypatch.setattr("engine.logs.staging.memory", lambda store: 8 * 500)
    assert logs(other, tmp_path, said) == whole
    keys = ["started_at", "duration_s"]
    assert read(other, "events").select(keys).sort(keys).equals(read(space, "events").select(keys).sort(keys))


def test_days_are_those_that_are_written_and_moments_are_in_utc(space, tmp_path):
    said = """
    [columns]
    customer_id = "id"
    birth_date = "born"
    signed = { sql = "epoch(signed)" }
    [time]
    formats = ["%d.%m.%Y", "%d.%m.%Y %H:%M"]
    timezone = "Asia/Tokyo"
    """
    table(space, tmp_path, "customers", said, "id,born,signed\n1,01.02.1980,02.01.1970 09:00\n")
    row = read(space, "customers").row(0, named=True)
    assert str(row["birth_date"]) == "1980-02-01" and row["signed"] == 86400.0


def test_a_text_in_other_signs_or_forms_is_a_rejected_row(space, tmp_path):
    said = '[columns]\ncustomer_id = "id"\nage = "years"\nbirth_date = "b"\n[numbers]\ndecimal = ","\n'
    said += '[time]\nformats = ["%d.%m.%Y"]'
    rows = 'id,years,b\n1,"40,0",01.02.1980\n2,40.0,01.02.1980\n3,41,1980-02-01\n4,,\n'
    done = table(space, tmp_path, "customers", said, rows)
    assert (done.rows_kept, done.rows_rejected) == (2, 2)
    rejects = read(space, "rejects").sort("row_number").select("column_name", "reason").rows()
    assert rejects == [("age", "not_a_whole_number"), ("birth_date", "not_a_day")]
    assert {name: n for name, n in done.details.items() if name.startswith("rejected")} == {
        "rejected_age_not_a_whole_number": 1,
        "rejected_birth_date_not_a_day": 1,
    }


def test_a_column_that_stands_twice_is_refused_where_the_mapping_names_it(space, tmp_path):
    said = '[columns]\ncustomer_id = "id"\nage = { sql = "x + 0" }'
    with pytest.raises(InputError, match="occurs twice"):
        table(space, tmp_path, "customers", said, "id,x,x\n1,40,50\n")
    with pytest.raises(InputError, match="occurs twice"):
        logs(space, tmp_path, SAID.replace('"s"', '{ sql = "s + 0" }'), LOG.replace(",up\n", ",s\n"))


@pytest.mark.parametrize(
    ("layout", "rows"),
    [
        ('header = false\nnames = ["who", "born"]', "17,1980\n18,1975\n"),
        ('delimiter = "|"', "who|born,town\n17|1980\n18|1975\n"),
    ],
)
def test_a_table_without_a_header_or_with_a_rare_delimiter_is_read_as_its_mapping_says(space, tmp_path, layout, rows):
    born = "born" if "names" in layout else "born,town"
    said = f'{layout}\n[columns]\ncustomer_id = "who"\nbirth_year = "{born}"\n'
    assert table(space, tmp_path, "customers", said, rows).rows_kept == 2
    assert read(space, "customers").select("customer_id", "birth_year").rows() == [("17", 1980), ("18", 1975)]


def test_columns_of_consents_that_nobody_reads_are_left_out_where_the_mapping_says_so(space, tmp_path):
    rows = "kunde,zweck,ab,notiz\n1,Angebote,2026-01-01,x\n2,Angebote,2026-01-01,y\n"
    said = """
    [columns]
    customer_id = "kunde"
    purpose = "zweck"
    granted_at = "ab"
    [values.purpose]
    angebote = "offers"
    """
    with pytest.raises(InputError, match="notiz"):
        table(space, tmp_path, "consents", said, rows)
    assert table(space, tmp_path, "consents", "further = []\n" + said, rows).rows_kept == 2
    assert read(space, "consents")["purpose"].to_list() == ["offers", "offers"]


def test_experiment_outcomes_take_a_mapping(tmp_path):
    assert mapping.load(put(tmp_path, "m.toml", '[columns]\ncustomer_id = "x"\nvalue = { sql = "a + b" }'), "outcomes")
    with pytest.raises(InputError, match="headline"):
        mapping.load(put(tmp_path, "m.toml", '[columns]\nheadline = "x"'), "outcomes")


# ---- words -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("yes", "no"),
    [("J", "N"), ("ja", "nein"), ("sí", "no"), ("S", "N"), ("oui", "non"), ("O", "N"), ("igen", "nem"), ("I", "N"),
     ("1", "0"), ("True", "FALSE"), ("Y", "n"), ("wahr", "falsch"), ("да", "нет"), ("ano", "ne"), ("是", "否")],
)  # fmt: skip
def test_yes_and_no_in_many_languages(space, tmp_path, yes, no):
    rows = f"customer_id,campaign_id,sent_at,accepted\n1,a,2026-01-01,{yes}\n2,a,2026-01-01,{no}\n3,a,2026-01-01,\n"
    assert table(space, tmp_path, "treatments", "", rows).rows_kept == 3
    assert read(space, "treatments").sort("customer_id")["accepted"].to_list() == [True, False, None]


def test_a_letter_that_is_yes_in_one_language_stands_beside_n_only(space, tmp_path):
    rows = "customer_id,campaign_id,sent_at,accepted\n" + "".join(
        f"{i},a,2026-01-01,{w}\n" for i, w in enumerate("oinn")
    )
    with pytest.raises(InputError, match=r"2 of 4 rows cannot be read .*'i', 'o'"):
        table(space, tmp_path, "treatments", "", rows)


def test_no_campaign_is_half_read(space, tmp_path):
    rows = "customer_id,campaign_id,sent_at,accepted\n"
    rows += "".join(f"{i},a,2026-01-01,{'Zusage' if i % 3 else 'no'}\n" for i in range(30))
    with pytest.raises(InputError) as told:
        table(space, tmp_path, "treatments", "", rows)
    assert "20 of 30" in str(told.value) and "'Zusage'" in str(told.value)
    key = re.search(r"\[values\.accepted\] \"Zusage\" = \"yes\"", told.value.fix)
    assert key and read(space, "treatments").height == 0
    said = "[columns]\ncustomer_id = 'customer_id'\n[values.accepted]\nZusage = 'yes'\n"
    done = table(space, tmp_path, "treatments", said, rows)
    assert done.rows_kept == 30 and read(space, "treatments")["accepted"].sum() == 20


def test_who_wants_half_of_it_says_so(tmp_path):
    space = engine.create(tmp_path / "w", ids__pseudonymise="none", intake__max_rejected=1.0)
    rows = "customer_id,campaign_id,sent_at,accepted\n"
    rows += "1,a,2026-01-01,vielleicht\n2,a,2026-01-01,vielleicht\n3,a,2026-01-01,no\n"
    assert table(space, tmp_path, "treatments", "", rows).rows_rejected == 2


def test_words_that_may_be_peoples_are_not_named(space, tmp_path):
    names = ["Anna Kovács", "Béla Nagy", "Cili Kis", "Dóra Tóth", "Emil Szabó", "Fanni Vörös"]
    rows = "customer_id,campaign_id,sent_at,accepted\n" + "".join(
        f"{i},a,2026-01-01,{n}\n" for i, n in enumerate([*names, "no"])
    )
    with pytest.raises(InputError) as told:
        table(space, tmp_path, "treatments", "", rows)
    assert not [name for name in names if name.split()[0] in str(told.value)]


def test_a_file_of_call_records_is_not_half_read_either(space, tmp_path):
    rows = "caller,callee,started_at,duration_s,direction\n" + "".join(
        f"+3630111{i:04},+3630222{i:04},2026-03-01 10:{i:02}:00,{i},{'raus' if i % 2 else 'out'}\n"
        for i in range(1, 45)
    )
    with pytest.raises(
        InputError, match="22 of 44 rows would be rejected: unknown direction; there stand 'raus'"
    ) as told:
        engine.import_logs(space, [put(tmp_path, "log.csv", rows)])
    assert '[values.direction] "raus" = "outgoing"' in told.value.fix
    assert read(space, "events").height == 0


# ---- kept mappings -----------------------------------------------------------------------------------------------
def test_a_kept_mapping_is_found_by_its_name(space, tmp_path, monkeypatch):
    from engine.usecases import mappings

    monkeypatch.chdir(tmp_path)
    said = put(tmp_path, "switch.toml", SAID)
    assert mappings.keep(space, "switch", said)["columns"] == "callee, caller, duration_s, started_at"
    kept = space.path / "mappings" / "switch.toml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and mappings.show(space, "switch") == SAID
    done = engine.import_logs(space, [put(tmp_path, "log.csv", LOG)], mapping="switch")[0]
    assert done.rows_kept == 40 and done.format == "switch"
    # A file of that path goes before it.
    put(tmp_path, "switch", SAID.replace('"s"', '"nothing"'))
    with pytest.raises(InputError, match="no column 'nothing'"):
        engine.import_logs(space, [tmp_path / "log.csv"], mapping="switch")
    assert [line["name"] for line in mappings.listed(space)] == ["switch"]


@pytest.mark.parametrize("name", ["../x", "", "a b", "x" * 61, ".x", "+36301112233"])
def test_a_name_is_no_way_to_another_place(space, tmp_path, name):
    from engine.usecases import mappings

    with pytest.raises(InputError, match="cannot be a mapping's name"):
        mappings.keep(space, name, put(tmp_path, "m.toml", SAID))


def test_what_is_no_mapping_or_tells_of_people_is_not_kept(space, tmp_path):
    from engine.usecases import mappings

    with pytest.raises(InputError, match="not a column that Kindred knows"):
        mappings.keep(space, "x", put(tmp_path, "m.toml", '[columns]\nx = "y"'))
    with pytest.raises(InputError, match="a person's number or address"):
        mappings.keep(space, "x", put(tmp_path, "m.toml", SAID + '[parties]\nnobody = ["+36301112233"]'))
    with pytest.raises(InputError, match="none of that name is kept"):
        mappings.find(space, "nothing")
    assert mappings.listed(space) == []
