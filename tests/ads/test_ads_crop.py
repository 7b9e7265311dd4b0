"""The face-aware crop: the face is whole, in its region, and the photo fills the box where it can."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.ads.crop import Face, window
from tests.ads import ads_data


@st.composite
def scenes(draw):
    """A photo with a face anywhere in it, even beyond its edge, and a box with a region for faces."""
    photo = draw(st.tuples(st.integers(60, 3000), st.integers(60, 3000)))
    width = draw(st.floats(10, photo[0]))
    height = draw(st.floats(10, photo[1]))
    x = draw(st.floats(-0.1 * width, photo[0] - 0.9 * width))
    y = draw(st.floats(-0.1 * height, photo[1] - 0.9 * height))
    box = draw(st.tuples(st.integers(40, 1200), st.integers(40, 1200)))
    left, top = draw(st.floats(0, 0.3)) * box[0], draw(st.floats(0, 0.3)) * box[1]
    region = (left, top, box[0] * draw(st.floats(0.6, 1)), box[1] * draw(st.floats(0.6, 1)))
    face = Face((x, y, x + width, y + height), (x + width / 2, y + height * 0.4))
    return photo, box, region, face


@given(scenes(), st.floats(0.2, 0.6), st.floats(0.2, 0.9))
def test_the_face_is_never_cut_nor_outside_its_region(scene, eyes, height):
    photo, box, region, face = scene
    cut = window(photo, box, [face], region=region, eyes=eyes, height=height)
    inside = (max(face.box[0], 0), max(face.box[1], 0), min(face.box[2], photo[0]), min(face.box[3], photo[1]))
    x0, y0, x1, y1 = ads_data.on_canvas(cut, inside)
    assert x0 >= region[0] - 0.01 and y0 >= region[1] - 0.01
    assert x1 <= region[2] + 0.01 and y1 <= region[3] + 0.01
    assert abs((cut.x1 - cut.x0) * cut.scale - box[0]) < 0.01 and abs((cut.y1 - cut.y0) * cut.scale - box[1]) < 0.01


@given(st.integers(600, 3000), st.integers(600, 3000), st.integers(150, 400), st.integers(150, 400))
def test_a_photo_with_room_around_the_face_fills_the_box(w, h, bw, bh):
    x, y, r = w / 2, h * 0.45, min(w, h) * 0.06
    face = Face((x - r, y - r, x + r, y + 1.4 * r), (x, y))
    cut = window((w, h), (bw, bh), [face], eyes=0.4, height=0.3)
    assert cut.x0 >= -0.01 and cut.y0 >= -0.01 and cut.x1 <= w + 0.01 and cut.y1 <= h + 0.01


def test_eyes_lie_where_the_template_wants_them():
    face = Face((900.0, 900.0, 1100.0, 1160.0), (1000.0, 990.0))
    cut = window((2000, 2000), (500, 500), [face], eyes=0.42, height=0.4)
    x, y, *_ = ads_data.on_canvas(cut, (1000, 990, 1000, 990))
    assert abs(x - 250) < 0.5 and abs(y - 0.42 * 500) < 0.5
    assert abs(cut.scale * 260 - 0.4 * 500) < 0.5


def test_a_group_stays_whole_where_it_fits():
    faces = [Face((x, 400.0, x + 120, 550.0), (x + 60, 460.0)) for x in (500.0, 700.0, 900.0)]
    cut = window((1600, 1200), (800, 500), faces, eyes=0.4, height=0.5)
    for face in faces:
        x0, y0, x1, y1 = ads_data.on_canvas(cut, face.box)
        assert x0 >= 0 and y0 >= 0 and x1 <= 800 and y1 <= 500


def test_without_a_face_the_middle_is_shown():
    cut = window((1000, 500), (100, 100), [])
    assert (cut.x0, cut.x1, cut.y0, cut.y1) == (250, 750, 0, 500)
