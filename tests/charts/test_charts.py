"""Charts: valid Vega-Lite, marks that say and show the rows' values, whatever the names and gaps are."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.charts import bars, experiment, grids, network, points, render
from engine.charts.album import HIDDEN, SHORT, Album
from engine.charts.chart import INK, PAPER, SHADES, WIDTH, Chart, wrapped
from engine.errors import InputError

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["</script><script>alert(1)</script>", '"&<b>', "a\nb", "x" * 200, "", "$x$", "datum.value", "Ünï\u2028\x00"]
NAN = float("nan")
DAYS = [date(2025, 1, 30) + timedelta(days=day) for day in range(60)]


def shown(values):
    return [None if i % 5 == 3 else float(i) for i, _ in enumerate(values)]


KINDS = {
    "vertical": lambda names: bars.vertical(names, shown(names), x="x", y="y", edges=True),
    "horizontal": lambda names: bars.horizontal(names, [None if v is None else v - 2 for v in shown(names)], x="x"),
    "stacked": lambda names: bars.stacked(names[:3], [(name, [0.1, None, 0.05]) for name in names]),
    "curves": lambda names: points.curves(
        [(name, [0, 1, 2], [1.0, NAN, 3.0]) for name in names], x="x", y="y", bands=[([0, 1], [0, 1], [2, 3])] * 2
    ),
    "days": lambda names: points.curves([(name, DAYS[:3], [1, None, 3]) for name in names], x="day", y="y", steps=True),
    "intervals": lambda names: points.intervals(
        names, [None if v is None else (v, v - 1, v + 1, v - 2, v + 2) for v in shown(names)], form="share", x="x",
        reference=0.0, marks=shown(names), mark="other",
    ),
    "matrix": lambda names: grids.matrix(names, names[:3], [shown(names[:3])] * len(names), x="x", y="y"),
    "calendar": lambda names: grids.calendar({day: i % 9 for i, day in enumerate(DAYS)}, unit="calls"),
    "network": lambda names: network.contacts(
        [{"id": name, "name": name, "chosen": i == 1} for i, name in enumerate(names)],
        [{"a": 0, "b": i, "weight": float(i)} for i in range(1, len(names))], left_out=2, seed=7,
    ).spec,
}  # fmt: skip


def drawn(spec, title="t") -> ET.Element:
    return ET.fromstring(render.inline("one", Chart(title, spec, [])))  # noqa: S314 - our own drawing


def said(root) -> list[str]:
    """The texts of the marks."""
    return [title.text for title in root.iter(f"{SVG}title")]


@pytest.fixture(scope="module")
def schema():
    import altair
    from jsonschema import Draft7Validator

    folder = Path(altair.__file__).parent / "vegalite" / "v6" / "schema"
    return Draft7Validator(json.loads((folder / "vega-lite-schema.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", KINDS)
def test_specifications_are_valid(kind, schema):
    for names in (HOSTILE, ["one", "other"]):
        spec = KINDS[kind](names)
        assert schema.is_valid(spec)
    spec["layer"][0]["mark"]["type"] = "baar"
    assert not schema.is_valid(spec)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_in_a_page_follows_it_and_holds_no_markup_of_names(kind):
    chart = Chart('a "title" <b>', KINDS[kind](HOSTILE), [])
    text = render.inline("one", chart)
    root = ET.fromstring(text)  # noqa: S314 - our own drawing
    assert root.get("role") == "img" and root.get("aria-label") == 'a "title" <b>'
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b", re.sub(r"<title>.*?</title>", "", text)), "a colour that is no role"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "g", "path", "line", "text", "tspan", "title", "rect",
    }  # fmt: skip
    assert "font-family" not in text and "<script" not in text and len(text) < 60_000
    assert len(said(root)) >= 2
    assert text == render.inline("one", chart), "drawn twice, drawn differently"


def test_bars_are_as_long_as_their_values():
    values = [10.0, None, 40.0, 0.0, -20.0]
    root = drawn(bars.horizontal(["a", "b", "c", "d", "e"], values, x="x"))
    lengths = {}
    for path in root.iter(f"{SVG}path"):
        title = path.find(f"{SVG}title")
        if title is not None:
            lengths[title.text] = float(re.match(r"M[-\d.]+,[-\d.]+h([-\d.]+)", path.get("d"))[1])
    assert lengths["c: 40.0"] == pytest.approx(4 * lengths["a: 10.0"], abs=0.5)
    assert lengths["e: −20.0"] == pytest.approx(2 * lengths["a: 10.0"], abs=0.5)
    assert lengths["d: 0.0"] == 0
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"10.0", "withheld", "40.0", "−20.0"} <= words


def test_shares_lie_one_after_the_other():
    root = drawn(bars.stacked(["town"], [("apple", [0.25]), ("other", [0.5])]))
    assert said(root) == ["town, apple: 25.0 %", "town, other: 50.0 %", "town: withheld"]
    boxes = [
        tuple(map(float, re.match(r"M([-\d.]+),[-\d.]+h([-\d.]+)", path.get("d")).groups()))
        for path in root.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None
    ]  # fmt: skip
    (a, wide_a), (b, wide_b), (c, wide_c) = boxes
    assert b == pytest.approx(a + wide_a, abs=0.2) and c == pytest.approx(b + wide_b, abs=0.2)
    assert wide_b == pytest.approx(2 * wide_a, abs=0.3) and wide_c == pytest.approx(wide_a, abs=0.3)
    many = bars.stacked(["town"], [(f"p{i}", [0.1]) for i in range(10)])
    assert said(drawn(many))[-1] == "town, further ones: 30.0 %"


def test_points_stand_within_their_intervals_and_in_order():
    rows = [(0.5, 0.4, 0.6), None, (0.1, None, None)]
    root = drawn(points.intervals(["a", "b", "c"], rows, form="share", x="x", reference=0.0, marks=[0.2], mark="m"))
    assert sorted(said(root)) == ["a, m: 20.0 %", "a: 50.0 % (40.0 % to 60.0 %)", "c: 10.0 %"]
    assert [text.text for text in root.iter(f"{SVG}text")].count("withheld") == 1
    at = {
        path.find(f"{SVG}title").text[:4]: float(re.search(r"translate\(([-\d.]+)", path.get("transform"))[1])
        for path in root.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None
    }  # fmt: skip
    assert (at["a: 5"] - at["a, m"]) / (at["a, m"] - at["c: 1"]) == pytest.approx(3, abs=0.05)


def test_curves_say_every_point_and_need_two():
    spec = points.curves([("a", [1, 2], [0.5, None]), ("b", [1, 3], [0.1, 0.2])], x="day", y="y", form="share")
    assert said(drawn(spec)) == ["b, day 1: 10.0 %", "b, day 3: 20.0 %"]
    assert "a (too few)" in str(spec)  # a dot is no curve
    for alone in ([], [("a", [1], [2.0])], [("a", [1, 1], [2.0, 3.0])], [("a", [1, 2], [2.0, NAN])]):
        assert points.curves(alone, x="x", y="y") is None


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_names_and_gaps_are_drawn(data):
    kind = data.draw(st.sampled_from(["vertical", "horizontal", "intervals", "matrix", "stacked"]))
    names = data.draw(st.lists(st.text(max_size=60), min_size=0 if kind != "stacked" else 3, max_size=6))
    spec = KINDS[kind](names)
    root = drawn(spec)
    found = " ".join(said(root))
    for name, value in zip(names, shown(names), strict=True):
        clean = "".join(c for c in name if c.isprintable())
        if kind in ("vertical", "intervals") and value is not None and clean == name and name.split() == [name]:
            assert name in found


def test_wrapped_names_are_short_and_all_different():
    names = wrapped([*HOSTILE, "x" * 201, "x" * 202, "two words of a name"], letters=10)
    assert len(set(names)) == len(names)
    assert all(len(line.strip("\u200b")) <= 10 for name in names for line in name.split("\n"))
    assert names[-1] == "two words\nof a name" and names[3].endswith("…")


def test_a_withheld_and_a_short_chart_say_so():
    album = Album({"a": [{"n": None}], "b": [{"n": 1}], "c": []})
    for name in "abcd":
        album.add(name, name, name, "n", lambda rows: None)
    assert {name: chart.why for name, chart in album.charts.items()} == {"a": HIDDEN, "b": SHORT}


def test_power_by_days_is_drawn_over_the_base_rate():
    rows = [{"unit": "customer", "days": day, "effect": day * 0.01, "relative": 1 / day} for day in (1, 2, 4)]
    chart = experiment.power(rows, against="days")
    assert [text.split(": ")[1] for text in said(drawn(chart.spec))] == ["100.0 %", "50.0 %", "25.0 %"]
    by_number = [{"unit": "customer", "customers": n, "effect": 1 / n, "relative": 1.0} for n in (100, 200)]
    assert said(drawn(experiment.power(by_number, against="customers").spec))[0] == "customers 100: 0.01"


def test_people_lie_apart_within_the_square():
    nodes = [{"id": str(i)} for i in range(30)]
    at = network.layout(nodes, [{"a": 0, "b": i, "weight": 1.0} for i in range(1, 30)], 7)
    assert len(set(at)) == 30 and all(-1 <= v <= 1 for spot in at for v in spot)
    assert network.layout([{"id": "alone"}], [], 7) == [(0.0, 0.0)]


def test_files(tmp_path):
    chart = Chart("Title of <it>", KINDS["horizontal"](HOSTILE), [])
    for ending in ("svg", "png", "html"):
        once, again = (tmp_path / f"{name}.{ending}" for name in ("a", "b"))
        render.write(once, chart)
        render.write(again, chart)
        assert once.read_bytes() == again.read_bytes()
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    words = [element.text for element in ET.fromstring(text).iter(f"{SVG}text")]  # noqa: S314 - our own drawing
    assert "var(--" not in text and "Title of <it>" in words
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "</script><script>alert" not in page and "\\u003c/script>" in page and "http-equiv" not in page
    assert not re.search(r"<script[^>]+src=|<link", page)


def test_pictures_in_light_and_dark(tmp_path):
    from PIL import Image

    for dark, paper in ((False, (255, 255, 255)), (True, (0x1D, 0x1F, 0x22))):
        render.write(tmp_path / "a.png", Chart("t", KINDS["horizontal"](["a", "b"]), []), dark=dark)
        image = Image.open(tmp_path / "a.png").convert("RGB")
        assert image.getpixel((1, 1)) == paper and abs(image.width - 2 * WIDTH) < 20


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="no picture"):
        render.write(tmp_path / "a.pdf", Chart("t", KINDS["horizontal"](["a"]), []))
    with pytest.raises(InputError, match="withheld"):
        render.write(tmp_path / "a.svg", Chart("t", None, [], why=HIDDEN))
    assert list(tmp_path.iterdir()) == []


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2."""
    letters = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(letters[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_figures_can_be_read_on_every_shade(dark):
    colours = render.palette(dark=dark)
    spec = grids.matrix(["r"], [str(i) for i in range(7)], [[float(i) for i in range(7)]], x="x", y="y")
    cells = spec["layer"][0]["data"]["values"]
    assert [cell["fill"] for cell in cells] == SHADES and {cell["ink"] for cell in cells} == {INK, PAPER}
    for cell in cells:
        light, dim = sorted((luminance(colours[cell[key][6:-1]]) for key in ("fill", "ink")), reverse=True)
        assert (light + 0.05) / (dim + 0.05) >= 4.5, cell


def test_every_role_has_a_colour_for_light_dark_and_print():
    text = render.PALETTE.read_text(encoding="utf-8")
    used = set(re.findall(r"var\(--([a-z0-9]+)\)", json.dumps([kind(["a", "b", "c"]) for kind in KINDS.values()])))
    assert {"ink", "c1", "c2", "s0", "s6"} <= used
    for role in used | set(render.palette()):
        assert text.count(f"--{role}:") == 3, role
