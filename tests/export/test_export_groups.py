"""Delivery, analysis and graph; shards, compression, what changed; checking; other stores; disks that are full."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from datetime import date, datetime, timedelta

import polars as pl
import pyarrow as pa
import pytest

from engine.errors import InputError, WorkspaceError
from engine.export import export, facts, verify
from tests.ads import ads_data


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    os.environ["KINDRED_KEYS"] = str(tmp_path_factory.getbasetemp() / "keys")
    space = ads_data.make(tmp_path_factory.mktemp("space") / "ws", preset={"ads__sizes": "300x250"})
    ads_data.run(space)
    with space.writing("test") as store:
        influencers = [
            {
                "customer_id": f"c{n:03}", "definition": "auto", "rank": 1, "contact_id": f"c{(n + 1) % 6:03}",
                "score": 0.5, "tie_share": 0.4, "centrality_pct": 0.9, "margin": 0.2,
            }
            for n in range(6)
        ]  # fmt: skip
        store.write("influencers", pl.DataFrame(influencers))
        nodes = [
            {
                "node": n, "party_id": f'c{n:03}"<&', "degree": 2, "in_strength": 1.5, "out_strength": 0.5,
                "pagerank": 0.1, "centrality_pct": 0.5, "coreness": 1, "collective_influence": 0.0,
                "community": 0, "is_hub": False,
            }
            for n in range(6)
        ]  # fmt: skip
        store.write("nodes", pl.DataFrame(nodes))
        ties = [
            {"a": n, "b": n + 1, "weight": 0.5, "reciprocity": 1.0, "overlap": 0.0, "active_days": 3,
             "gated_because": "hub" if n == 4 else None}
            for n in range(5)
        ]  # fmt: skip
        store.write("ties", pl.DataFrame(ties, schema_overrides={"gated_because": pl.String}))
    return space


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_delivery_has_what_a_sending_system_needs_and_never_the_contact(space, tmp_path):
    export(space, "delivery", tmp_path / "out", "jsonl")
    rows = lines(tmp_path / "out/delivery.jsonl")
    assert len(rows) == 6
    for row in rows:
        assert set(row) == {
            "customer_id", "experiment_id", "arm", "rank", "reason", "propensity", "ad_id",
            "offer_id", "headline", "body", "call_to_action",
            "alt_text", "files",
        }  # fmt: skip
        assert all((tmp_path / "out" / name).is_file() for name in row["files"])
        assert ads_data.named(json.dumps(row)) == {row["customer_id"]}


def test_delivery_on_a_later_day_leaves_out_whose_consent_ends(tmp_path):
    settings = {"ads__sizes": "300x250", "faces__order": "influencer_face,own_face"}
    space = ads_data.make(tmp_path / "ws", customers=3, preset=settings)
    ads_data.run(space)
    with space.writing("test") as store:
        ends = pl.when(pl.col("customer_id") == "c001").then(datetime(2024, 7, 1)).alias("expires_at")
        store.write("consents", store.read("consents").with_columns(ends))
        later = pl.when(pl.col("offer_id") == "galaxy").then(date(2024, 8, 31)).alias("valid_to")
        store.write("offers", store.read("offers").with_columns(later))
    counts = {}
    for month in (6, 7, 9):
        export(space, "delivery", tmp_path / f"out{month}", "jsonl", as_of=date(2024, month, 1))
        counts[month] = [(r["customer_id"], r["arm"][:3]) for r in lines(tmp_path / f"out{month}/delivery.jsonl")]
    assert counts[6] == [(c, "inf") for c in ("c000", "c001", "c002")]
    assert counts[7] == [("c002", "inf")]  # the face of c000's ad is c001's
    assert counts[9] == []
    with pytest.raises(InputError, match="takes no --as-of"):
        export(space, "ads", tmp_path / "no", as_of=date(2024, 7, 1))


def test_analysis_holds_scores_and_reasons(space, tmp_path):
    export(space, "analysis", tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out/analysis.parquet")
    assert rows.height == 18 and set(rows["reason"]) == {"highest value"}
    first = rows.row(0, named=True)
    assert (first["customer_id"], first["contact_id"], first["percentile"]) == ("c000", "c001", 0.97)
    assert {p.name for p in (tmp_path / "out").glob("*.parquet")} == {
        f"{n}.parquet" for n in ("analysis", "choices", "uplift", "offer_metrics", "loyalty", "influencers")
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
def test_the_graph_opens_in_networkx(space, tmp_path, kind):
    import networkx as nx

    export(space, "graph", tmp_path / "out", kind)
    read = nx.read_graphml if kind == "graphml" else lambda p: nx.read_gexf(p, version="1.3")
    if kind == "gexf":
        text = (tmp_path / "out/graph.gexf").read_text()
        assert text.count("<node ") == 6 and text.count("<edge ") == 4
        return
    graph = read(tmp_path / "out/graph.graphml")
    assert set(graph) == {f'c{n:03}"<&' for n in range(6)}
    assert graph.number_of_edges() == 4 and graph.nodes['c000"<&']["pagerank"] == 0.1


def test_shards_hold_all_rows_in_order(space, tmp_path):
    export(space, "matches", tmp_path / "one", "csv")
    export(space, "matches", tmp_path / "many", "csv", shard_rows=7)
    names = sorted(p.name for p in (tmp_path / "many").glob("*.csv"))
    assert names == [f"matches-{n:05}.csv" for n in range(3)]
    texts = [(tmp_path / "many" / n).read_text().splitlines() for n in names]
    assert [len(t) - 1 for t in texts] == [7, 7, 4]
    whole = (tmp_path / "one/matches.csv").read_text().splitlines()
    assert [whole[0], *(row for t in texts for row in t[1:])] == whole
    manifest = json.loads((tmp_path / "many/manifest.json").read_text())
    assert [f["rows"] for f in manifest["files"]] == [7, 7, 4] and manifest["tables"]["matches"]["rows"] == 18


def test_a_shard_for_an_empty_table(space, tmp_path):
    export(space, "rejects", tmp_path / "out", "jsonl", shard_rows=5)
    assert (tmp_path / "out/rejects-00000.jsonl").read_bytes() == b""


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_compressed_is_the_same_text_and_the_same_bytes_twice(space, tmp_path, format):
    export(space, "ads", tmp_path / "plain", format)
    for name in ("one", "two"):
        export(space, "ads", tmp_path / name, format, compress=True)
    packed = (tmp_path / f"one/ads.{format}.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / f"plain/ads.{format}").read_bytes()
    assert packed == (tmp_path / f"two/ads.{format}.gz").read_bytes()


def test_arrow_reads_back(space, tmp_path):
    export(space, "ads", tmp_path / "out", "arrow")
    export(space, "ads", tmp_path / "parquet")
    with pa.ipc.open_file(tmp_path / "out/ads.arrow") as file:
        assert pl.from_arrow(file.read_all()).equals(pl.read_parquet(tmp_path / "parquet/ads.parquet"))


def test_since_a_run_only_what_changed_is_written(tmp_path):
    space = ads_data.make(tmp_path / "ws", customers=2, preset={"ads__sizes": "300x250"})
    ads_data.run(space)
    begun = datetime(2024, 6, 1)
    runs = [
        {
            "run_id": f"{stage}{n}", "stage": stage, "inputs_hash": "", "config_hash": "", "versions": "{}",
            "depends_on": "{}", "rows": json.dumps(dict.fromkeys(tables, 1)), "started_at": begun, "status": "done",
            "finished_at": begun + timedelta(hours=n),
        }
        for n, (stage, tables) in enumerate([("edges", ["edges", "ties"]), ("choices", ["choices"]), ("ads", ["ads"])])
    ]  # fmt: skip
    source = {"source_id": "s", "target": "consents", "path": "c.csv", "sha256": "", "format": "", "details": "{}"}
    counts = dict.fromkeys(("rows_in", "rows_kept", "rows_duplicate", "rows_rejected"), 1)
    with space.writing("test") as store:
        store.write("runs", pl.DataFrame(runs))
        store.write("sources", pl.DataFrame([{**source, **counts, "imported_at": begun + timedelta(minutes=90)}]))
        assert facts.changed_since(store, "edges0") == {"choices", "ads", "consents"}
        assert facts.changed_since(store, "choices1") == {"ads", "consents"}
        assert facts.changed_since(store, "ads2") == set()
    export(space, "all", tmp_path / "out", since="choices")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert set(manifest["tables"]) == {"ads", "consents"} and "choices" in manifest["unchanged"]
    with pytest.raises(InputError, match="'nothing' is not a run"):
        export(space, "all", tmp_path / "no", since="nothing")


def test_a_dry_run_writes_nothing(space, tmp_path):
    done = export(space, "delivery", tmp_path / "out", dry_run=True)
    assert done.files == [{"table": "delivery", "rows": 6}] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("harm", ["none", "truncated", "altered", "missing", "unexpected"])
def test_verify_names_the_file(space, tmp_path, harm):
    export(space, "ads", tmp_path / "out")
    name = sorted(p.name for p in (tmp_path / "out/creatives").iterdir())[0]
    path = tmp_path / "out/creatives" / name
    data = path.read_bytes()
    if harm == "truncated":
        path.write_bytes(data[:-10])
    elif harm == "altered":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif harm == "missing":
        path.unlink()
    elif harm == "unexpected":
        path.with_name("extra.jpg").write_bytes(b"x")
        name = "extra.jpg"
    found = verify(tmp_path / "out")
    wanted = [] if harm == "none" else [(f"creatives/{name}", harm)]
    assert [(p["path"], p["status"]) for p in found.problems] == wanted


def test_verify_wants_a_whole_export(space, tmp_path):
    with pytest.raises(InputError, match="no export of Kindred"):
        verify(tmp_path)
    export(space, "offers", tmp_path / "out")
    (tmp_path / "out/_SUCCESS").unlink()
    with pytest.raises(InputError, match="_SUCCESS is missing"):
        verify(tmp_path / "out")


def test_another_store_holds_the_same_and_is_replaced_whole(space, tmp_path):
    import fsspec

    store = fsspec.filesystem("memory")
    url = "memory://bucket/nightly"
    export(space, "ads", tmp_path / "local")
    export(space, "all", url)
    export(space, "ads", url)
    names = {n.removeprefix("/bucket/nightly/") for n in store.find("/bucket/nightly")}
    assert names == {str(p.relative_to(tmp_path / "local")) for p in (tmp_path / "local").rglob("*") if p.is_file()}
    for name in names:
        assert store.cat_file(f"/bucket/nightly/{name}") == (tmp_path / "local" / name).read_bytes()
    assert verify(url).problems == []
    assert not list(space.scratch.glob("export*"))
    store.pipe_file("/bucket/nightly/notes.txt", b"mine")
    with pytest.raises(WorkspaceError, match=r"holds notes\.txt"):
        export(space, "ads", url)


def test_a_local_url(space, tmp_path):
    export(space, "offers", f"file://{tmp_path}/out")
    assert (tmp_path / "out/offers.parquet").is_file() and verify(tmp_path / "out").problems == []


def test_a_store_without_its_package_says_what_to_install(space):
    with pytest.raises(InputError, match=r"nosuch://bucket.*fsspec package"):
        export(space, "offers", "nosuch://bucket/out")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 128 kB."""
    (tmp_path / "disk").mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", tmp_path / "disk"], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small tmpfs")
    yield tmp_path / "disk"
    subprocess.run(["umount", tmp_path / "disk"], check=True)


@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl", "arrow"])
def test_a_full_disk_leaves_the_earlier_export(space, small_disk, format):
    export(space, "offers", small_disk / "out", format)
    with pytest.raises(WorkspaceError, match=r"out cannot be written: No space left on device.*Free space"):
        export(space, "all", small_disk / "out", format)
    assert verify(small_disk / "out").problems == [] and os.listdir(small_disk) == ["out"]


def test_a_folder_without_rights(space, tmp_path):
    if os.geteuid() == 0:
        export(space, "offers", tmp_path / "fine")
        with pytest.raises(WorkspaceError, match=r"cannot be written"):
            export(space, "offers", "/proc/nowhere/out")
        return
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(WorkspaceError, match="Permission denied"):
        export(space, "offers", tmp_path / "locked/out")


def test_threads_and_memory_do_not_change_the_manifest(space):
    import dataclasses

    faster = dataclasses.replace(space.config, run=dataclasses.replace(space.config.run, threads=7, memory="1GB"))
    assert facts.config_hash(faster) == facts.config_hash(space.config)
    other = dataclasses.replace(space.config, run=dataclasses.replace(space.config.run, seed=99))
    assert facts.config_hash(other) != facts.config_hash(space.config)
