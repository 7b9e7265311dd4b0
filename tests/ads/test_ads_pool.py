"""Many processes render: one of them killed is said, and what is rendered stays."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.ads import brands, creative, pool
from engine.ads.render import Offer
from engine.errors import EngineError
from tests.ads import ads_data


def children() -> list[int]:
    """The processes this one started that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.append(int(path.parent.name))
    return found


def test_a_killed_rendering_process_is_said_and_what_is_done_is_kept(tmp_path):
    brand = brands.load()
    photos = [ads_data.portrait(tmp_path / f"m{n}.jpg", n) for n in range(8)]
    offers = [Offer(f"o{n}", f"Handset {n} is waiting", "Swap yours this month.", "Get it") for n in range(10)]
    wanted = [creative.creative("c", brand, o, p, (1080, 1080)) for o in offers for p in photos]
    assert pool.render_all(wanted, brand, tmp_path / "whole", threads=2) == 80
    whole = {p.name: p.read_bytes() for p in (tmp_path / "whole").iterdir()}
    before = set(children())

    place = tmp_path / "ads"
    with ThreadPoolExecutor(1) as thread:
        job = thread.submit(pool.render_all, wanted, brand, place, threads=2)
        while not (place.is_dir() and any(p.suffix == ".jpg" for p in place.iterdir())) and not job.done():
            time.sleep(0.01)
        workers = sorted(set(children()) - before)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        with pytest.raises(EngineError, match=r"ended early \(killed by signal 9\).*Run again"):
            job.result()
    assert set(children()) <= before  # the other one does not go on by itself
    kept = {p.name: p.read_bytes() for p in place.iterdir() if not p.name.startswith(".")}
    assert 0 < len(kept) < 80 and kept.items() <= whole.items()
    assert pool.render_all(wanted, brand, place, threads=2) == 80 - len(kept)
    assert {p.name: p.read_bytes() for p in place.iterdir()} == whole
