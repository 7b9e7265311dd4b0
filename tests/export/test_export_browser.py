"""The gallery in a real browser, from disk, without a network."""

from __future__ import annotations

import re
import subprocess

import polars as pl
import pytest

from engine.export import gallery
from tests.browsers import chromium

CHROMIUM = chromium()


def rows(customers: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "customer_id": f"c{n:05}", "offer_id": f"o{n % 2}", "headline": "<b>New</b> & old", "reason": "best",
                "expected_value": 1.0, "arm": arm, "status": "shown" if arm != "own_face" else "no_photo",
                "percentile": 0.987, "flag": None, "alt_text": "A <i>model</i>",
                "files": None if arm == "own_face" else [f"x_{arm}_300x250_0.jpg", f"x_{arm}_1080x1080_0.jpg"],
            }
            for n in range(customers) for arm in ("own_face", "influencer_face", "random_face")
        ],
        infer_schema_length=None,
    )  # fmt: skip


@pytest.fixture
def browse(tmp_path):
    """The page's document after its script ran, and what the browser complained about."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")

    def load(page: str) -> tuple[str, str]:
        (tmp_path / "gallery.html").write_text(page, encoding="utf-8")
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--enable-logging=stderr", "--v=0", f"--user-data-dir={tmp_path / 'profile'}",
             "--virtual-time-budget=5000", "--dump-dom", (tmp_path / "gallery.html").as_uri()],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)

    return load


@pytest.mark.slow
def test_ten_thousand_ads_are_shown_in_pages(browse):
    document, complaints = browse(gallery.html(rows(3400), campaign="Spring <1>"))
    assert "Content Security Policy" not in complaints and "Error" not in complaints
    assert document.count("<article") == 60 and "1–60 of 3,400 customers" in document
    assert "Page 1 of 57" in document
    assert (
        document.count('<h2 class="">&lt;b&gt;New&lt;/b&gt; &amp; old</h2>')
        + document.count("<h2>&lt;b&gt;New&lt;/b&gt; &amp; old</h2>")
        == 60
    )
    images = re.findall(r"<img [^>]*>", document.split("<main>")[1].split("</main>")[0])
    assert len(images) == 120 and all('loading="lazy"' in i and 'src="creatives/' in i for i in images)
    assert all("1080x1080" in i and 'alt="A &lt;i&gt;model&lt;/i&gt;"' in i for i in images)
    assert document.count("No photo") >= 60


@pytest.mark.slow
def test_an_empty_gallery_says_so(browse):
    document, _ = browse(gallery.html(rows(1).clear(), campaign="none"))
    assert "No customer fits these filters." in document and "0 customers" in document
