"""One creative: photo and offer composed as the brand says, encoded without metadata.

What does not depend on the photo is drawn once per offer and size, what does not depend on the offer once per
photo and size; a creative is those two laid over each other.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.ads import contrast, draw, text
from engine.ads.brands import Brand, Layer, layers_of
from engine.ads.encode import encode
from engine.ads.photo import Photo, place, read
from engine.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from PIL import Image

Size = tuple[int, int]
_LEVELS, _STRONGEST = 16, 0.97  # of the scrims: steps from the template's strength to this one


@dataclass(frozen=True)
class Offer:
    """What a creative says.

    Args:
        offer_id: of the offer.
        headline: first text.
        body: second text.
        call_to_action: on the button.
    """

    offer_id: str
    headline: str
    body: str
    call_to_action: str


@dataclass(frozen=True)
class _Drawn:
    """An offer's layers of a size: what to lay on the canvas in order, then letters that stand on the photo."""

    steps: tuple[Any, ...]
    letters: tuple[tuple[Image.Image, tuple[int, int]], ...]
    over_photo: tuple[Any, ...]

    @property
    def memory(self) -> int:
        """Bytes of the sheets."""
        sheets = [s[0] for s in (*self.steps, *self.letters) if isinstance(s, tuple)]
        return sum(4 * sheet.width * sheet.height for sheet in sheets)


class Renderer:
    """Composes creatives of one brand.

    Args:
        brand: from `engine.ads.brands.load`.
        memory: bytes of drawn layers to keep for the next creative.
    """

    def __init__(self, brand: Brand, *, memory: int = 240_000_000) -> None:
        self.brand = brand
        self._sheets = _Kept(memory * 2 // 3)
        self._photos = _Kept(memory // 3)

    def render(self, photo: Photo, offer: Offer, size: Size) -> Image.Image:
        """The creative as an RGB picture.

        Args:
            photo: campaign photo with its faces.
            offer: texts.
            size: canvas, one the brand composes.

        Raises:
            InputError: the photo cannot be read.
            EngineError: a text does not fit or cannot be read on what lies behind it; names offer, size and box.
        """
        canvas = self.background(photo, offer, size)
        drawn = self._drawn(offer, size)
        for sheet, at in drawn.letters:
            canvas.paste(sheet, at, sheet)
        return canvas

    def background(self, photo: Photo, offer: Offer, size: Size) -> Image.Image:
        """All of a creative but the letters that stand on the photo; scrims are as strong as those letters need.

        Args:
            photo: campaign photo with its faces.
            offer: texts.
            size: canvas.

        Raises:
            EngineError: even the strongest scrim leaves a text with too little contrast.
        """
        drawn = self._drawn(offer, size)
        if not drawn.over_photo:
            return self._under(drawn, photo, size, 0)

        def worst(level: int) -> tuple[float, Image.Image]:
            canvas = self._under(drawn, photo, size, level)
            return min(contrast.worst(canvas, box, colour) for box, colour, _ in drawn.over_photo), canvas

        ratio, canvas = worst(0)
        if ratio >= contrast.READABLE:
            return canvas
        strongest, canvas = worst(_LEVELS)
        if strongest < contrast.READABLE:
            raise EngineError(
                f"offer {offer.offer_id}, photo {photo.photo_id}: a text on the photo of {size[0]}x{size[1]} has "
                f"a contrast of {strongest:.1f} to 1 at most, less than {contrast.READABLE}.",
                fix="Give the template a scrim or a shape behind that text.",
            )
        low, high = 0, _LEVELS
        while high - low > 1:
            middle = (low + high) // 2
            ratio, tried = worst(middle)
            low, high, canvas = (low, middle, tried) if ratio >= contrast.READABLE else (middle, high, canvas)
        return canvas

    def _under(self, drawn: _Drawn, photo: Photo, size: Size, level: int) -> Image.Image:
        """What lies below the letters, with the scrims at a level of `_LEVELS`."""
        from PIL import Image

        canvas = Image.new("RGB", size, (255, 255, 255))
        for step in drawn.steps:
            if not isinstance(step, Layer):
                sheet, at = step
                canvas.paste(sheet, at, sheet if sheet.mode == "RGBA" else None)
            elif step.kind == "scrim":
                strength = step.strength + max(_STRONGEST - step.strength, 0) * level / _LEVELS
                colour = draw.gradient(step.box[2:], step.fill)
                canvas.paste(colour, step.box[:2], draw.scrim(step.box[2:], step, strength))
            else:
                picture, mask = self._photo(photo, size, step)
                canvas.paste(picture, step.box[:2], mask)
        return canvas

    def file(
        self, photo: Photo, offer: Offer, size: Size, *, format: str = "jpeg", banner_bytes: int = 150_000
    ) -> bytes:
        """The creative as a file without metadata, at the best quality within the byte budget.

        Args:
            photo: campaign photo.
            offer: texts.
            size: canvas.
            format: jpeg, png or webp.
            banner_bytes: budget of small canvases, see `engine.ads.encode`.

        Raises:
            EngineError: as `render`, or the file does not get small enough.
        """
        owner = f"offer {offer.offer_id}, photo {photo.photo_id}"
        return encode(self.render(photo, offer, size), format, banner_bytes=banner_bytes, owner=owner)

    def check(self, offer: Offer, size: Size) -> None:
        """Set an offer's texts in a size without a photo; raises as `render` where they do not fit."""
        self._set(offer, size)

    def _set(self, offer: Offer, size: Size) -> dict[int, list[text.Block]]:
        """An offer's texts in their fonts, sizes and lines, per number of a text layer."""
        said = {
            "headline": offer.headline,
            "body": offer.body,
            "call_to_action": offer.call_to_action,
            "brand": self.brand.name,
            "legal": self.brand.legal,
        }
        for name, value in said.items():
            text.check_length(value, name, f"offer {offer.offer_id}")
        words = {name: text.clean(value) for name, value in said.items()}
        return {
            number: text.fit(
                [(item, words[item.text]) for item in layer.items],
                self.brand.fonts,
                layer.box[2:],
                layer.gap,
                owner=f"offer {offer.offer_id}",
                place=f"{size[0]}x{size[1]} (layer {number + 1})",
            )
            for number, layer in enumerate(layers_of(self.brand, size))
            if layer.kind == "text"
        }

    def _drawn(self, offer: Offer, size: Size) -> _Drawn:
        """What does not depend on the photo, drawn once."""
        key = (offer, size)
        if (kept := self._sheets.get(key)) is not None:
            return kept
        from PIL import Image

        steps: list[Any] = []
        sheet, letters = (Image.new("RGBA", size, (0, 0, 0, 0)) for _ in range(2))
        placed = []
        blocks = self._set(offer, size)
        for number, layer in enumerate(layers_of(self.brand, size)):
            if layer.kind in ("photo", "scrim"):
                steps += [*_pieces(sheet), layer]
                sheet = Image.new("RGBA", size, (0, 0, 0, 0))
            elif layer.kind == "image":
                draw.picture(sheet, layer)
            elif layer.kind == "text":
                placed += draw.stack(sheet, letters, layer, blocks[number])
            else:
                draw.shape(sheet, layer)
        over_photo = self._over_photo(placed, [*steps, *_pieces(sheet)], size)
        if not over_photo:  # letters on solid ground need no measuring per photo: one sheet less to lay
            sheet.alpha_composite(letters)
        drawn = _Drawn((*steps, *_pieces(sheet)), tuple(_pieces(letters)) if over_photo else (), over_photo)
        self._sheets.put(key, drawn, drawn.memory)
        return drawn

    def _over_photo(self, placed: list[Any], steps: list[Any], size: Size) -> tuple[Any, ...]:
        """The letters whose ground shows a photo; those on solid ground are measured here, once.

        Raises:
            ConfigError: the brand's colours do not go together.
        """
        from PIL import Image

        solid = Image.new("L", size, 255)  # where no photo shows
        ground = Image.new("RGB", size, (255, 255, 255))
        for step in steps:
            if not isinstance(step, Layer):
                sheet, at = step
                if sheet.mode == "RGB":
                    ground.paste(sheet, at)
                    solid.paste(255, (*at, at[0] + sheet.width, at[1] + sheet.height))
                else:
                    ground.paste(sheet, at, sheet)
                    solid.paste(255, at, sheet.getchannel("A").point(lambda a: 255 if a == 255 else 0))
            elif step.kind == "photo":
                solid.paste(0, (*step.box[:2], step.box[0] + step.box[2], step.box[1] + step.box[3]))
        found = []
        for box, block in placed:
            entry = (box, block.item.colour, block.item.text)
            if solid.crop((box[0], box[1], box[0] + box[2], box[1] + box[3])).getextrema() != (255, 255):
                found.append(entry)
            elif (ratio := contrast.worst(ground, box, block.item.colour)) < contrast.READABLE:
                file = self.brand.folder / "brand.toml"
                raise ConfigError(
                    f"{file}, size {size[0]}x{size[1]}: the {block.item.text} has a contrast "
                    f"of {ratio:.1f} to 1 with its ground, less than {contrast.READABLE}.",
                    fix="Choose a lighter or a darker colour for one of them.",
                )
        return tuple(found)

    def _photo(self, photo: Photo, size: Size, layer: Layer) -> tuple[Image.Image, Image.Image | None]:
        key = (photo.sha256, photo.faces, size, layer)
        if (kept := self._photos.get(key)) is not None:
            return kept
        image, faces = read(photo, 2.5 * max(layer.box[2:]))
        picture, _ = place(image, faces, layer)
        mask = draw.rounded(layer.box[2:], layer.radius) if any(layer.radius) else None
        self._photos.put(key, (picture, mask), 4 * picture.width * picture.height)
        return picture, mask


def _pieces(sheet: Image.Image) -> list[tuple[Image.Image, tuple[int, int]]]:
    """What is drawn on a sheet, cut at its empty rows, each piece with its place; RGB where nothing shines through."""
    import numpy as np

    rows = np.asarray(sheet.getchannel("A")).any(axis=1).astype(np.int8)
    edges = np.flatnonzero(np.diff(rows, prepend=0, append=0))
    pieces = []
    for top, bottom in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        band = sheet.crop((0, top, sheet.width, bottom))
        left, _, right, _ = band.getbbox() or (0, 0, *band.size)  # a band has something in every row
        piece = band.crop((left, 0, right, band.height))
        opaque = piece.getchannel("A").getextrema()[0] == 255
        pieces.append((piece.convert("RGB") if opaque else piece, (left, top)))
    return pieces


class _Kept:
    """What was used last, up to a number of bytes."""

    def __init__(self, memory: int) -> None:
        self.memory, self.used = memory, 0
        self.entries: OrderedDict[Any, tuple[Any, int]] = OrderedDict()

    def get(self, key: Any) -> Any:
        if key not in self.entries:
            return None
        self.entries.move_to_end(key)
        return self.entries[key][0]

    def put(self, key: Any, value: Any, size: int) -> None:
        self.entries[key] = (value, size)
        self.used += size
        while self.used > self.memory and len(self.entries) > 1:
            _, (_, freed) = self.entries.popitem(last=False)
            self.used -= freed
