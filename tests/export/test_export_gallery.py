"""The gallery: a page that needs no network, runs only its own script and escapes every text."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest

from engine.export import gallery

SIZES = ("1080x1080", "300x250")
BAD = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def shown(n: int = 4) -> pl.DataFrame:
    rows = [
        {
            "customer_id": f"c{i:05}", "offer_id": f"o{i % 2}", "headline": f"{BAD} {i % 2}", "reason": BAD,
            "expected_value": 1.0, "arm": arm, "status": "shown" if arm != "influencer_face" else "no_consent",
            "percentile": 0.9, "flag": "same_person_likely" if i == 0 else None,
            "files": None if arm == "influencer_face" else [f"x_o{i % 2}_{s}_abc.jpg" for s in SIZES],
            "alt_text": None if arm == "influencer_face" else BAD,
        }
        for i in range(n) for arm in ("influencer_face", "own_face", "random_face")
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


@pytest.fixture
def page():
    return gallery.html(shown(), campaign=BAD)


def test_no_text_becomes_markup(page):
    parsed = Page(page)
    assert parsed.tags.count("script") == 2 and parsed.tags.count("img") == 1
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert html.escape("<script>alert(1)</script>") in page and "<script>alert" not in page


def test_the_policy_allows_its_own_script_and_style_only(page):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1))
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_it_loads_nothing_from_elsewhere(page):
    assert not [v for k, v in Page(page).attributes if k in ("src", "href") and not v.startswith("#")]
    assert "//" not in page and "url(" not in page


def test_its_data_are_the_rows(page):
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))
    assert [r["customer_id"] for r in data["rows"]] == [f"c{i:05}" for i in range(4)]
    assert [name for name, _ in data["arms"]] == ["own_face", "influencer_face", "random_face"]
    first = {data["arms"][v["arm"]][0]: v for v in data["rows"][0]["variants"]}
    assert data["statuses"][first["influencer_face"]["status"]][0] == "no_consent"
    assert first["influencer_face"]["files"] is None and first["own_face"]["flag"] == 1
    assert [data["files"][i] for i in first["own_face"]["files"]] == ["x_o0_1080x1080_abc.jpg", "x_o0_300x250_abc.jpg"]
    assert data["offers"][data["rows"][1]["offer"]] == ["o1", f"{BAD} 1"]


def test_customers_with_most_variants_come_first():
    frame = shown(3).filter(~((pl.col("customer_id") == "c00000") & (pl.col("arm") == "own_face")))
    page = gallery.html(frame, campaign="x")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))
    assert [r["customer_id"] for r in data["rows"]] == ["c00001", "c00002", "c00000"]


def test_ten_thousand_ads_stay_small():
    assert len(gallery.html(shown(4000), campaign="big")) < 3_000_000


def test_without_ads_it_says_so():
    assert "0 ads for 0 customers" in gallery.html(shown(1).clear(), campaign="none")


def test_the_same_rows_give_the_same_page(page):
    assert gallery.html(shown(), campaign=BAD) == page
