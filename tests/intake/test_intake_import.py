"""Customers, devices, offers, photos and the rest: typed, counted, upserted, rejected with reasons."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from datetime import datetime
from pathlib import Path

import pytest

from engine.config import Config
from engine.errors import InputError
from engine.intake.importer import NO_CUSTOMER, TARGETS, import_table
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.trust.photo import jpeg

KEY = bytes(range(32))


@pytest.fixture
def store():
    warehouse = DuckDBWarehouse()
    yield warehouse
    warehouse.close()


@pytest.fixture
def bring(store, tmp_path):
    def run(target, source, **more):
        path = source
        if isinstance(source, str | bytes):
            path = tmp_path / f"{target}.csv"
            path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return import_table(
            store, target, path, faces_folder=tmp_path / "faces", config=Config(), key=KEY, **{"format": None, **more}
        )

    return run


def sums(summary):
    return summary.rows_in, summary.rows_kept, summary.rows_duplicate, summary.rows_rejected


def test_customers_with_features_replace_and_reject(store, bring):
    rows = ["A,30,X,1.5,p", "B,x,Y,2,q", "+36 20 123 4567,40,,3,", "A,31,Z,4,r", ",5,,,", "", "D,1", ""]
    text = "\n".join(["Customer_ID,Age,residence,Income,plan", *rows])
    assert sums(bring("customers", text)) == (6, 2, 1, 3)
    customers = {row["customer_id"]: row for row in store.read("customers").to_dicts()}
    phone = hmac.new(KEY, b"+36201234567", hashlib.sha256).hexdigest()[:32]
    assert set(customers) == {"A", phone}
    assert customers["A"] == {
        "customer_id": "A",
        "age": 31,
        "residence": "Z",
        "gender": None,
        "birth_date": None,
        "income": 4.0,
        "plan": "r",
    }
    rejects = store.read("rejects").select("row_number", "column_name", "reason", "detail").rows()
    assert (2, "age", "not_a_whole_number", None) in rejects
    assert (5, "customer_id", "missing", None) in rejects
    assert (6, None, "wrong_columns", "5 expected") in rejects


def test_a_header_is_named_as_the_file_has_it(bring):
    with pytest.raises(InputError, match=r"the header reads who, born, income\."):
        bring("customers", "Who,Born,income\nA,1990-01-01,5\n")


def test_columns_a_later_file_lacks_keep_their_values(store, bring):
    bring("customers", "customer_id,age,income\nA,30,5\nB,20,6\n")
    summary = bring("customers", "customer_id,income\nA,high\nB,6\n")
    assert summary.rows_kept + summary.rows_duplicate == 2
    assert store.read("customers").select("customer_id", "age", "income").rows() == [
        ("A", 30, "high"),
        ("B", 20, "6"),
    ]


def test_customers_and_optouts_mark_parties(store, bring, tmp_path):
    log = tmp_path / "log.csv"
    header = "caller,callee,started_at,duration_s\n"
    log.write_text(header + "A,B,2024-01-01 10:00:00,5\nB,C,2024-01-01 11:00:00,5\nA,C,2024-01-02 10:00:00,5\n")
    import_logs(store, [log], config=Config(), key=KEY)
    assert store.read("parties")["is_customer"].all()
    bring("customers", "customer_id\nA\nB\n")
    assert store.read("parties")["is_customer"].to_list() == [True, True, False]
    bring("optouts", "customer_id,since\nB,2024-02-01\n")
    assert store.read("parties").select("is_customer", "opted_out").rows() == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert store.read("pair_days").select("src", "dst").rows() == [(0, 2)]
    log.write_text("caller,callee,started_at,duration_s\nA,B,2024-01-03 10:00:00,5\nD,A,2024-01-03 11:00:00,5\n")
    import_logs(store, [log], config=Config(), key=KEY)
    assert store.read("pair_days").select("src", "dst").rows() == [(0, 2), (3, 0)]


def test_people_who_are_no_customers_are_counted(bring):
    """An opt-out that names nobody, because its number is written otherwise, is seen when it is imported."""
    assert bring("optouts", "customer_id,since\nZ,2024-02-01\n").details == {}  # no customers yet: nothing to compare
    bring("customers", "customer_id\nA\n0630 100 1001\n")
    assert bring("optouts", "customer_id,since\n+36301001001,2024-02-01\n").details == {"no_customer": 1}
    assert bring("consents", "customer_id,purpose,granted_at\nA,offers,2024-02-01\n").details == {}
    assert bring("treatments", "customer_id,campaign_id,sent_at\nB,c,2024-02-01\nB,d,2024-02-01\n").details == {
        "no_customer": 1
    }


def test_same_content_again_changes_nothing(store, bring):
    text = "offer_id,headline,body,call_to_action,value,cost\no1,H,B,Go,5,1\no2,H,B,Go,5,1\n"
    bring("offers", text)
    before = store.read("offers")
    assert sums(bring("offers", text)) == (2, 0, 2, 0)
    assert sums(bring("offers", text + "\n")) == (2, 0, 2, 0)
    assert store.read("offers").equals(before)


def test_offer_text_may_be_long_and_hold_line_ends(store, bring):
    body = 'He said "now"\n' + "x" * 400
    quoted = body.replace('"', '""')
    bring("offers", f'offer_id,headline,body,call_to_action,value,cost\no1,H,"{quoted}",Go,5.5,1\n')
    assert store.read("offers").row(0, named=True)["body"] == body


def test_devices_have_one_name_per_manufacturer(store, bring):
    text = (
        "tac,manufacturer,model\n1130000, apple ,iPhone 4\n35000000,Blackberry,Z10\n35000001,BLACKBERRY,Q10\nabc,LG,x\n"
    )
    assert sums(bring("devices", text)) == (4, 3, 0, 1)
    assert store.read("devices").select("tac", "manufacturer").rows() == [
        ("01130000", "Apple"),
        ("35000000", "BlackBerry"),
        ("35000001", "BlackBerry"),
    ]


def test_flowkit_tacs(store, bring):
    bring("devices", "id,brand,model,width\n1130000,Apple,iPhone 4,58\n", format="flowkit")
    assert store.read("devices").select("tac", "manufacturer", "model").rows() == [("01130000", "Apple", "iPhone 4")]


def test_treatments_and_consents_are_typed(store, bring):
    bring(
        "treatments",
        "customer_id,campaign_id,offer_id,sent_at,accepted\nA,c,,2024-01-01T10:00:00Z,yes\nB,c,o,2024-01-01,0\n",
    )
    own = ["customer_id", "campaign_id", "offer_id", "sent_at", "propensity", "accepted"]
    assert store.read("treatments").select(own).rows() == [
        ("A", "c", None, datetime(2024, 1, 1, 10), None, True),
        ("B", "c", "o", datetime(2024, 1, 1), None, False),
    ]
    summary = bring("acts", "customer_id,act,at\nA,quit,2024-01-01\nZ,quit,2024-01-01\nA,,2024-01-01\nA,quit,soon\n")
    assert (sums(summary), store.count("acts")) == ((4, 2, 0, 2), 2)
    summary = bring("consents", "customer_id,purpose,granted_at\nA,own_face,2024-01-01\nB,nonsense,2024-01-01\n")
    assert sums(summary) == (2, 1, 0, 1)


@pytest.mark.parametrize("name", ["withdrawn_on", "withdrawn", "valid_until", "note"])
def test_consents_with_a_column_nobody_reads_are_refused(store, bring, name):
    with pytest.raises(InputError, match=name):
        bring("consents", f"customer_id,purpose,granted_at,{name}\nA,own_face,2024-01-01,2024-02-01\n")
    assert store.count("consents") == 0


SAID = "customer_id,purpose,granted_at,withdrawn_at\n"


@pytest.mark.parametrize(
    ("target", "rows"),
    [
        ("optouts", "customer_id,since\nB,2024-02-01\nA,soon\n"),
        ("optouts", "customer_id,since\nB,2024-02-01\nA,2024-02-01,x\n"),
        ("consents", SAID + "B,own_face,2024-01-01,\nA,own_face,2024-01-01,yesterday CET\n"),
        ("consents", SAID + "B,own_face,2024-01-01,\nA,own face,,2024-02-01\n"),
        ("consents", SAID + "B,own_face,2024-01-01,\nA,own_face,2024-01-01,2024-02-01,x\n"),
    ],
)
def test_a_no_that_cannot_be_read_refuses_the_file(store, bring, target, rows):
    with pytest.raises(InputError, match="may be opt-outs or withdrawals"):
        bring(target, rows)
    assert store.count(target) == 0 and store.count("sources") == 0


def test_a_yes_that_cannot_be_read_is_a_rejected_row(store, bring):
    rows = SAID + "A,own_face,whenever,\n,own_face,2024-01-01,2024-02-01\nB,own_face,2024-01-01,\n"
    assert sums(bring("consents", rows)) == (3, 1, 0, 2)
    assert sums(bring("optouts", "customer_id,since\nA,2024-02-01\n,2024-02-01\n")) == (2, 1, 0, 1)


def test_opt_outs_and_consents_of_people_nobody_knows_are_counted(store, bring):
    assert bring("optouts", "customer_id,since\n36301234567,2024-02-01\n").details == {}, "nobody has come yet"
    bring("customers", "customer_id,age\n+36301234568,30\nB,40\n")
    rows = "353328110000001,2024-02-01\n36301234568,2024-02-01\n+36 30 1234568,2024-02-01\nB,2024-02-01\n"
    assert bring("optouts", f"customer_id,since\n{rows}").details[NO_CUSTOMER] == 1
    consents = "customer_id,purpose,granted_at\nC,offers,2024-01-01\nD,offers,2024-01-01\nD,own_face,2024-01-01\n"
    assert bring("consents", consents).details[NO_CUSTOMER] == 2


def test_photos_from_a_table_stay_inside_their_folder(store, bring, tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (root / "a.jpg").write_bytes(jpeg(1))
    (root / "empty.jpg").write_bytes(b"")
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "dir.jpg").mkdir()
    os.mkfifo(root / "pipe.jpg")
    rows = [
        "A,a.jpg",
        "B,link.jpg",
        "C,../secret.jpg",
        "D,none.jpg",
        "E,dir.jpg",
        "F,pipe.jpg",
        "G,empty.jpg",
        "H,",
        "I,a.txt",
    ]
    (root / "photos.csv").write_text("\n".join(["customer_id,path", *rows]) + "\n")
    assert sums(bring("photos", root / "photos.csv")) == (9, 1, 0, 8)
    photo = store.read("photos").row(0, named=True)
    assert photo["sha256"] == hashlib.sha256(jpeg(1)).hexdigest()
    copy = tmp_path / "faces" / photo["path"]
    assert copy.read_bytes() == jpeg(1)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert photo["path"] == f"photos/{photo['sha256'][:2]}/{photo['sha256']}.jpg"
    assert sorted(p.name for p in (tmp_path / "faces").rglob("*") if p.is_file()) == [copy.name]


def test_a_mended_photo_folder_is_read_again(store, bring, tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    (root / "a.jpg").write_bytes(jpeg(1))
    (root / "p.csv").write_text("customer_id,path\nA,a.jpg\nB,b.jpg\n")
    assert sums(bring("photos", root / "p.csv")) == (2, 1, 0, 1)
    (root / "b.jpg").write_bytes(jpeg(2))
    assert sums(bring("photos", root / "p.csv")) == (2, 1, 1, 0)
    assert store.count("photos") == 2


def test_photos_and_inventory_from_folders(store, bring, tmp_path):
    root = tmp_path / "in"
    (root / "C1").mkdir(parents=True)
    for seed, name in enumerate(("C1/x.jpg", "C1/y.png", "C2.jpeg", "notes.txt", ".hidden.jpg")):
        (root / name).write_bytes(jpeg(seed))
    summary = bring("photos", root)
    assert sums(summary) == (3, 3, 0, 0)
    assert summary.details["other_files"] == 1
    assert sorted(store.read("photos")["customer_id"]) == ["C1", "C1", "C2"]
    bring("inventory", root)
    assert store.read("inventory")["photo_id"].to_list() == ["C1/x", "C1/y", "C2"]
    with pytest.raises(InputError, match="no photo"):
        bring("photos", Path(root / "C1").parent / "empty" if (root / "empty").mkdir() else root / "empty")


def test_photos_of_one_name_are_two_and_rejects_name_their_file(store, bring, tmp_path):
    """A name that is no UTF-8 says so and stops nothing."""
    root = tmp_path / "in"
    root.mkdir()
    for seed, name in enumerate(("anna.jpg", "anna.png", "ben.jpg")):
        (root / name).write_bytes(jpeg(seed))
    (root / "carl.jpg").touch()
    (root / os.fsdecode(b"d\xe4n.jpg")).write_bytes(jpeg(7))
    bring("inventory", root)
    assert store.read("inventory")["photo_id"].to_list() == ["anna.jpg", "anna.png", "ben"]
    rejects = store.read("rejects").select("raw", "reason", "detail").rows()
    empty, strange = ("carl.jpg", "unusable_photo", "the file is empty"), ("d\\udce4n.jpg", "name_not_utf8", None)
    assert set(rejects) == {empty, strange}
    assert sums(bring("photos", root)) == (5, 3, 0, 2)
    assert store.read("photos")["customer_id"].n_unique() == 2


def test_in_a_persons_folder_a_photo_may_be_called_anything(store, bring, tmp_path):
    root = tmp_path / "in"
    for seed, name in enumerate((b"C1/d\xe4n.jpg", b"C1/\xff\xfe.png", b"C\xe9/x.jpg")):
        (root / os.fsdecode(name)).parent.mkdir(parents=True, exist_ok=True)
        (root / os.fsdecode(name)).write_bytes(jpeg(seed))
    assert sums(bring("photos", root)) == (3, 2, 0, 1)
    assert store.read("photos")["customer_id"].unique().len() == 1
    assert store.read("rejects")["reason"].to_list() == ["name_not_utf8"]


def test_inventory_keeps_further_columns_as_attributes(store, bring, tmp_path):
    (tmp_path / "m.jpg").write_bytes(jpeg(1))
    bring("inventory", "photo_id,path,hair,max_uses\nm1,m.jpg,red,3\n")
    row = store.read("inventory").row(0, named=True)
    assert (row["attributes"], row["max_uses"]) == ('{"hair": "red"}', 3)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"a;b\n1;2\n", "need the column"),
        (b"\xff\xfea\x00", "need the column"),
        (b"\xffa,b\n1,2\n", "UTF-8"),
        (b"a,*\n1,2\n", "stands for several"),
        (b"a,^a.*$\n1,2\n", "stands for several"),
    ],
)
def test_bad_files_say_what_is_wrong(store, bring, target, content, says):
    with pytest.raises(InputError, match=says):
        bring(target, content)
    assert store.count("sources") == store.count(target) == 0


def test_missing_files_targets_and_formats(bring, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        bring("customers", tmp_path / "none.csv")
    with pytest.raises(InputError, match="no table 'people'"):
        bring("people", "x\n1\n")
    with pytest.raises(InputError, match="no format 'osmocom' of offers"):
        bring("offers", "x\n1\n", format="osmocom")


@pytest.mark.real
def test_osmocom_table_reads_whole(store, bring, real_data):
    summary = bring("devices", real_data / "tac" / "tacdb.csv", format="osmocom")
    assert summary.rows_in == 25175
    devices = store.read("devices")
    assert devices.height == summary.rows_kept
    assert devices["tac"].str.contains("^[0-9]{8}$").all()
    names = set(devices["manufacturer"])
    assert {"Apple", "Samsung", "BlackBerry", "HTC"} <= names
    assert not names & {"Blackberry", " Apple", "SAMSUNG", "BLACKBERRY"}
    assert len({n.lower() for n in names}) == len(names)
