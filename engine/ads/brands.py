"""A brand: a folder with `brand.toml`, fonts and pictures that says how creatives of each size are composed.

The template is declarative: per canvas size a list of layers, drawn in order. What a layer may say stands in the
dataclasses below; anything else in the file is an error that names the size and the layer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from engine import documents
from engine.errors import ConfigError

BUILT_IN = Path(__file__).resolve().parent / "brand"
TEXTS = ("headline", "body", "call_to_action", "brand", "legal")
LARGEST = 4096

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Item:
    """One text of a text layer.

    Args:
        text: which text: headline, body, call_to_action, brand or legal.
        font: role of `[fonts]`.
        colour: RGB.
        size: smallest and largest font size, pixels.
        leading: distance of baselines as a multiple of the font size.
        lines: most lines; 0 = as many as fit.
        balance: make the lines of about equal length.
        pill: space left/right and above/below a text on its button, pixels at the largest size; None = no button.
        fill: RGB of the button.
        mark: RGB of two overlapping discs drawn before the text; None = no mark.
    """

    text: str
    font: str
    colour: tuple[int, int, int]
    size: tuple[int, int]
    leading: float = 1.2
    lines: int = 0
    balance: bool = False
    pill: tuple[int, int] | None = None
    fill: tuple[int, int, int] | None = None
    mark: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None


@dataclass(frozen=True)
class Layer:
    """One layer of a size; texts are drawn last, so that nothing covers them.

    Args:
        kind: fill (the whole canvas), photo, shape (rounded box), scrim (colour that fades over the photo, made
            stronger until the texts on it can be read), image (a picture of the brand) or text (a stack of items).
        box: left, top, width, height, pixels of the canvas.
        fill: one or two RGB colours (a gradient from top left to bottom right).
        radius: of the corners top left, top right, bottom right, bottom left.
        face: photo: where the face may be; no later layer may cover any of it.
        eyes: photo: height of the eyes in `face`, 0 top to 1 bottom.
        height: photo: of the face box, as a share of `face`.
        fade: scrim: side where the colour is full: top, bottom, left or right.
        solid: scrim: share of the box, from that side, with the full strength.
        strength: scrim: least opacity there, 0..1.
        path: image: file in the brand's folder.
        anchor: text: top, middle or bottom of the box.
        align: text: start, centre or end.
        gap: text: pixels between items.
        items: text: the texts.
    """

    kind: str
    box: Box
    fill: tuple[tuple[int, int, int], ...] = ()
    radius: tuple[int, int, int, int] = (0, 0, 0, 0)
    face: Box | None = None
    eyes: float = 0.4
    height: float = 0.5
    fade: str = "bottom"
    solid: float = 0.5
    strength: float = 0.6
    path: str = ""
    anchor: str = "top"
    align: str = "start"
    gap: int = 0
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Brand:
    """A brand that was read and checked.

    Args:
        folder: where its files are.
        name: drawn on the creatives; it and what follows may be empty.
        legal: line drawn on the creatives.
        alt_face: an ad with a portrait, in words for those who do not see it; empty = in English.
        alt_plain: the same of an ad without a face.
        language: of these texts; empty = that of `[brand]`.
        fonts: role -> font files, first choice first.
        sizes: (width, height) -> layers.
        digest: hash of everything that decides how a creative looks.
    """

    folder: Path
    name: str
    legal: str
    alt_face: str
    alt_plain: str
    language: str
    fonts: dict[str, tuple[Path, ...]]
    sizes: dict[tuple[int, int], tuple[Layer, ...]]
    digest: str


_KINDS = {
    "fill": {"fill"},
    "photo": {"box", "radius", "face", "eyes", "height"},
    "shape": {"box", "radius", "fill"},
    "scrim": {"box", "fill", "fade", "solid", "strength"},
    "image": {"box", "path", "align"},
    "text": {"box", "anchor", "align", "gap", "items"},
}
_SAID = ("name", "legal", "alt_face", "alt_plain")
_ITEM = {"text", "font", "colour", "size", "leading", "lines", "balance", "pill", "fill", "mark"}


def load(folder: Path | None = None, language: str = "") -> Brand:
    """Read a brand. One that composes no size is drawn as the built-in one is, in its own name, colours and fonts.

    Args:
        folder: its folder; None = the built-in brand, which has no name.
        language: of the campaign: texts of table `[language.…]` stand in the place of those of `[brand]`.

    Raises:
        ConfigError: no such folder or language, `brand.toml` is not TOML or says something unknown, a font or picture
            is missing; the message names the file, the size and the layer.
    """
    folder = BUILT_IN if folder is None else folder
    file = folder / "brand.toml"
    document, raw = _document(file)
    reader = _Reader(folder, file)
    if "size" not in document and folder != BUILT_IN:
        below, layout = load(), _document(BUILT_IN / "brand.toml")[0]
        reader.fonts, raw = dict(below.fonts), raw + below.digest.encode()
        reader.colours = {name: reader._hex(name, value) for name, value in layout["colours"].items()}
        document = {**document, "size": layout["size"]}
    return reader.brand(document, raw, language)


def _document(file: Path) -> tuple[dict[str, Any], bytes]:
    """A brand file as it stands, and its bytes."""
    try:
        return documents.read_toml(file)
    except OSError as error:
        raise ConfigError(
            f"The brand file {file} cannot be read: {error.strerror}.",
            fix="Set ads.brand to a folder with a brand.toml, or leave it empty for the built-in brand.",
        ) from error
    except ValueError as error:
        raise ConfigError(f"{file} is not TOML: {error}.", fix="Correct that line.") from error


def parse_sizes(text: str) -> list[tuple[int, int]]:
    """Sizes out of a setting such as "1080x1080,300x250", in that order.

    Raises:
        ConfigError: an entry is not WIDTHxHEIGHT.
    """
    sizes = []
    for entry in (part.strip() for part in text.split(",") if part.strip()):
        width, cross, height = entry.lower().partition("x")
        if not (cross and width.isdecimal() and height.isdecimal()):
            raise ConfigError(f"ads.sizes: {entry!r} is not a size.", fix="Write sizes like 1080x1080,300x250.")
        if (size := (int(width), int(height))) not in sizes:
            sizes.append(size)
    if not sizes:
        raise ConfigError("ads.sizes names no size.", fix="Write sizes like 1080x1080,300x250.")
    return sizes


def layers_of(brand: Brand, size: tuple[int, int]) -> tuple[Layer, ...]:
    """The layers of a size.

    Raises:
        ConfigError: the brand does not compose that size; the message lists those it does.
    """
    if size not in brand.sizes:
        known = ", ".join(f"{w}x{h}" for w, h in brand.sizes)
        raise ConfigError(
            f"{brand.folder / 'brand.toml'} composes no {size[0]}x{size[1]}.",
            fix=f"Set ads.sizes to some of {known}, or add a [[size]] with that canvas.",
        )
    return brand.sizes[size]


class _Reader:
    """Turns a parsed `brand.toml` into a `Brand`, remembering where it is for the messages."""

    def __init__(self, folder: Path, file: Path) -> None:
        self.folder, self.file, self.place = folder, file, ""
        self.colours: dict[str, tuple[int, int, int]] = {}
        self.fonts: dict[str, tuple[Path, ...]] = {}
        self.used: dict[str, bytes] = {}

    def brand(self, document: dict[str, Any], raw: bytes, language: str = "") -> Brand:
        self._only(document, {"brand", "language", "colours", "fonts", "size"})
        said = self._said(document, language)
        colours, fonts = (document.get(name, {}) for name in ("colours", "fonts"))
        self._table(colours)
        self._table(fonts)
        self.colours |= {name: self._hex(name, value) for name, value in colours.items()}
        for role, files in fonts.items():
            self.place = f"[fonts] {role}"
            if not isinstance(files, list) or not files:
                self._fail("should be a list of font files")
            self.fonts[role] = tuple(self._file(name) for name in files)
        sizes = {}
        self.place = "[[size]]"
        for entry in self._list(document, "size"):
            self.place = "[[size]]"
            self._only(entry, {"canvas", "layer"})
            width, height = self._numbers(entry.get("canvas"), 2, "canvas")
            if not (16 <= width <= LARGEST and 16 <= height <= LARGEST):
                self._fail(f"canvas {width}x{height} should lie between 16 and {LARGEST} pixels a side")
            layers = []
            for number, layer in enumerate(self._list(entry, "layer"), 1):
                self.place = f"size {width}x{height}, layer {number}"
                layers.append(self._layer(layer, (width, height)))
            self.place = f"size {width}x{height}"
            self._free(layers)
            sizes[width, height] = tuple(layers)
        self.place = ""
        if not sizes:
            self._fail("has no [[size]]")
        digest = hashlib.sha256(raw)
        for name in sorted(self.used):
            digest.update(name.encode() + b"\0" + hashlib.sha256(self.used[name]).digest())
        digest.update(language.encode())
        return Brand(self.folder, **said, language=language, fonts=self.fonts, sizes=sizes, digest=digest.hexdigest())

    def _said(self, document: dict[str, Any], language: str) -> dict[str, str]:
        """The brand's texts in a language; what its table does not say is as `[brand]` says it."""
        tables = document.get("language", {})
        self._table(tables)
        found: dict[str, dict[str, str]] = {}
        for place, entry in (("", document.get("brand", {})), *tables.items()):
            self.place = f"[language.{place}]" if place else "[brand]"
            self._only(entry, set(_SAID))
            found[place] = {name: self._text(entry, name) for name in _SAID if name in entry}
        self.place = ""
        if language not in found:
            known = ", ".join(filter(None, found)) or "none"
            self._fail(f"has no [language.{language}]", fix=f"Add it, or set ads.language to one it has ({known}).")
        return {**dict.fromkeys(_SAID, ""), **found[""], **found[language]}

    def _free(self, layers: list[Layer]) -> None:
        """Check that no layer covers the region of a photo before it where the face may be."""
        for under, photo in enumerate(layers):
            if photo.kind != "photo":
                continue
            left, top, width, height = photo.face or photo.box
            for over, layer in enumerate(layers[under + 1 :], under + 2):
                x, y, w, h = layer.box
                apart = x >= left + width or left >= x + w or y >= top + height or top >= y + h
                if layer.kind != "scrim" and not apart:
                    self._fail(f"layer {over} ({layer.kind}) covers a part of layer {under + 1} where the face may be")

    def _layer(self, entry: dict[str, Any], canvas: tuple[int, int]) -> Layer:
        self._table(entry)
        kind = entry.get("kind")
        if not isinstance(kind, str) or kind not in _KINDS:
            self._fail(f"kind = {kind!r} is not one of {', '.join(_KINDS)}")
        self._only(entry, {"kind", *_KINDS[kind]})
        values: dict[str, Any] = {"kind": kind, "box": (0, 0, *canvas)}
        for name, value in entry.items():
            if name in ("box", "face"):
                values[name] = self._numbers(value, 4, name)
                if values[name][2] <= 0 or values[name][3] <= 0:
                    self._fail(f"{name} has no area")
            elif name == "fill":
                values[name] = tuple(self._colour(c) for c in (value if isinstance(value, list) else [value]))
                if len(values[name]) > 2:
                    self._fail("fill should be one or two colours")
            elif name == "radius":
                values[name] = self._numbers(value if isinstance(value, list) else [value] * 4, 4, name)
            elif name in ("eyes", "height", "solid", "strength"):
                values[name] = self._share(name, value)
            elif name == "items":
                values[name] = tuple(self._item(i) for i in self._list(entry, name))
            elif name == "path":
                values[name] = str(self._file(value))
            elif name == "gap":
                values[name] = self._numbers([value], 1, name)[0]
            elif name != "kind":
                choices = {"anchor": ("top", "middle", "bottom"), "align": ("start", "centre", "end"),
                           "fade": ("top", "bottom", "left", "right")}[name]  # fmt: skip
                if value not in choices:
                    self._fail(f"{name} = {value!r} is not one of {', '.join(choices)}")
                values[name] = value
        needed = "path" if kind == "image" else "fill" if kind in ("fill", "shape", "scrim") else "kind"
        if not values.get(needed):
            self._fail(f"needs a {needed}")
        return Layer(**values)

    def _item(self, entry: dict[str, Any]) -> Item:
        self._only(entry, _ITEM)
        if entry.get("text") not in TEXTS:
            self._fail(f"text = {entry.get('text')!r} is not one of {', '.join(TEXTS)}")
        if not isinstance(entry.get("font"), str) or entry["font"] not in self.fonts:
            self._fail(f"font = {entry.get('font')!r} is not one of [fonts]: {', '.join(self.fonts)}")
        low, high = self._numbers(entry.get("size"), 2, "size")
        if not 4 <= low <= high <= 1000:
            self._fail(f"size = [{low}, {high}] should be [smallest, largest] between 4 and 1000")
        mark = entry.get("mark")
        if mark is not None and (not isinstance(mark, list) or len(mark) != 2):
            self._fail("mark should be two colours")
        pill = self._numbers(entry["pill"], 2, "pill") if "pill" in entry else None
        leading, balance = entry.get("leading", 1.2), entry.get("balance", False)
        if isinstance(leading, bool) or not isinstance(leading, (int, float)) or not 0 < leading <= 10:
            self._fail(f"leading = {leading!r} should be a number above 0, at most 10")
        if not isinstance(balance, bool):
            self._fail(f"balance = {balance!r} should be true or false")
        return Item(
            text=entry["text"],
            font=entry["font"],
            colour=self._colour(entry.get("colour")),
            size=(low, high),
            leading=float(leading),
            lines=self._numbers([entry.get("lines", 0)], 1, "lines")[0],
            balance=balance,
            pill=None if pill is None else (pill[0], pill[1]),
            fill=self._colour(entry["fill"]) if "fill" in entry else None,
            mark=None if mark is None else (self._colour(mark[0]), self._colour(mark[1])),
        )

    def _file(self, name: Any) -> Path:
        if not isinstance(name, str):
            self._fail(f"{name!r} should be the name of a file")
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            self._fail(f"{name} lies outside the brand's folder")
        try:
            self.used[name] = path.read_bytes()
        except OSError as error:
            self._fail(f"{path} cannot be read ({error.strerror})", fix="Put the file there, or correct its name.")
        return path

    def _hex(self, name: str, value: Any) -> tuple[int, int, int]:
        text = value.removeprefix("#") if isinstance(value, str) else ""
        try:
            red, green, blue = bytes.fromhex(text)
        except ValueError:
            self.place = "[colours]"
            self._fail(f"{name} = {value!r} is not a colour", fix="Write it like #17153B.")
        return red, green, blue

    def _colour(self, name: Any) -> tuple[int, int, int]:
        if not isinstance(name, str) or name not in self.colours:
            self._fail(f"colour {name!r} is not one of [colours]: {', '.join(self.colours)}")
        return self.colours[name]

    def _numbers(self, value: Any, count: int, name: str) -> tuple[int, ...]:
        if not (isinstance(value, list) and len(value) == count and all(type(v) is int for v in value)):
            self._fail(f"{name} = {value!r} should be {count} whole number{'s' if count > 1 else ''}")
        return tuple(value)

    def _share(self, name: str, value: Any) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
            self._fail(f"{name} = {value!r} should lie between 0 and 1")
        return float(value)

    def _text(self, entry: dict[str, Any], name: str) -> str:
        value = entry.get(name, "")
        if not isinstance(value, str):
            self._fail(f"{name} = {value!r} should be text")
        return value

    def _table(self, entry: Any) -> None:
        if not isinstance(entry, dict):
            self._fail(f"{entry!r} should be a table")

    def _list(self, entry: dict[str, Any], name: str) -> list[Any]:
        value = entry.get(name, [])
        if not isinstance(value, list):
            self._fail(f"{name} = {value!r} should be a list of tables")
        return value

    def _only(self, entry: Any, known: set[str]) -> None:
        self._table(entry)
        if unknown := sorted(set(entry) - known):
            self._fail(f"does not know {unknown[0]!r}", fix=f"It may say {', '.join(sorted(known))}.")

    def _fail(self, problem: str, *, fix: str | None = None) -> NoReturn:
        where = f"{self.file}, {self.place}" if self.place else str(self.file)
        raise ConfigError(f"{where}: {problem}.", fix=fix)
