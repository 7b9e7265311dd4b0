"""Consent to the use of traffic data: where the settings require it, nobody else has an influencer or is one."""

from __future__ import annotations

import engine
from engine import config_file, runner, workspace
from engine.usecases import influence

PEOPLE = ("anna", "bela", "cili", "dora")


def test_only_who_agreed_has_influencers_or_is_one(tmp_path):
    calls = ["caller,callee,started_at,duration_s"]
    for day in (1, 2, 3):
        for number, (one, other) in enumerate((a, b) for a in PEOPLE for b in PEOPLE if a != b):
            calls.append(f"{one},{other},2026-01-0{day}T10:{number:02d}:00,{600 if 'cili' in (one, other) else 60}")
    (tmp_path / "calls.csv").write_text("\n".join(calls) + "\n")
    (tmp_path / "consents.csv").write_text(
        "customer_id,purpose,granted_at,withdrawn_at\n"
        "anna,traffic_data_marketing,2025-01-01T00:00:00,\n"
        "bela,traffic_data_marketing,2025-01-01T00:00:00,\n"
        "cili,offers,2025-01-01T00:00:00,\n"
        "dora,traffic_data_marketing,2025-01-01T00:00:00,2026-01-02T00:00:00\n"
    )
    space = workspace.create(tmp_path / "w", preset={"run__today": "2026-02-01", "ids__pseudonymise": "none"})
    engine.import_logs(space, [tmp_path / "calls.csv"])
    runner.run(space, until="influencers")
    assert pairs(space) >= {("anna", "cili"), ("cili", "anna"), ("dora", "anna")}

    config_file.set_value(space.path / workspace.CONFIG, "graph.require_traffic_consent", True)
    space = workspace.open_(space.path)
    engine.import_table(space, "consents", tmp_path / "consents.csv")
    runner.run(space, until="influencers")
    assert pairs(space) == {("anna", "bela"), ("bela", "anna")}
    asked = influence.influencers(space, definitions=("ppr",), settings={"window_days": 60})
    assert set(asked.select("customer_id", "contact_id").iter_rows()) == {("anna", "bela"), ("bela", "anna")}

    # A consent that comes later is followed by the next run.
    assert {r.status for r in runner.run(space, until="influencers")} == {"fresh"}
    (tmp_path / "more.csv").write_text(
        "customer_id,purpose,granted_at\ncili,traffic_data_marketing,2026-01-01T00:00:00\n"
    )
    engine.import_table(space, "consents", tmp_path / "more.csv")
    runner.run(space, until="influencers")
    assert ("anna", "cili") in pairs(space) and not any("dora" in pair for pair in pairs(space))


def pairs(space: workspace.Workspace) -> set[tuple[str, str]]:
    with space.warehouse(read_only=True) as store:
        return set(store.read("influencers").select("customer_id", "contact_id").iter_rows())
