"""One creative: photo and offer composed as the brand says, encoded without metadata.

What does not depend on the photo is drawn once per offer and size, what does not depend on the offer once per
photo and size; a creative is those two laid over each other.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.ads import draw, text
from engine.ads.brands import Brand, Layer, layers_of
from engine.ads.photo import Photo, place, read
from engine.errors import EngineError

if TYPE_CHECKING:
    from PIL import Image

Size = tuple[int, int]
QUALITIES = (90, 84, 78, 72, 66, 58, 50, 42, 34)
BUDGET_SMALL = 150_000  # bytes for the IAB sizes
SMALL = 400_000  # canvas pixels up to which a size counts as one
BUDGET_LARGE = 1_000_000


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


class Renderer:
    """Composes creatives of one brand.

    Args:
        brand: from `engine.ads.brands.load`.
        memory: bytes of drawn layers to keep for the next creative.
    """

    def __init__(self, brand: Brand, *, memory: int = 160_000_000) -> None:
        self.brand = brand
        self._sheets = _Kept(memory // 2)
        self._photos = _Kept(memory // 2)

    def render(self, photo: Photo, offer: Offer, size: Size) -> Image.Image:
        """The creative as an RGB picture.

        Args:
            photo: campaign photo with its faces.
            offer: texts.
            size: canvas, one the brand composes.

        Raises:
            InputError: the photo cannot be read.
            EngineError: a text does not fit; names offer, size and box.
        """
        from PIL import Image

        canvas = Image.new("RGB", size, (255, 255, 255))
        for step in self._steps(offer, size):
            if isinstance(step, Layer):
                picture, mask = self._photo(photo, size, step)
                canvas.paste(picture, step.box[:2], mask)
            else:
                sheet, at = step
                canvas.paste(sheet, at, sheet)
        return canvas

    def jpeg(self, photo: Photo, offer: Offer, size: Size, *, budget: int | None = None) -> bytes:
        """The creative as JPEG bytes without metadata, at the best quality whose file is within the byte budget.

        Args:
            photo: campaign photo.
            offer: texts.
            size: canvas.
            budget: bytes; None = 150 kB for small canvases, 1 MB for large ones.

        Raises:
            EngineError: as `render`, or the file does not get small enough.
        """
        image = self.render(photo, offer, size)
        if budget is None:
            budget = BUDGET_SMALL if size[0] * size[1] <= SMALL else BUDGET_LARGE
        for quality in QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality, subsampling=0)
            if file.tell() <= budget:
                return file.getvalue()
        raise EngineError(
            f"offer {offer.offer_id}, photo {photo.photo_id}: the {size[0]}x{size[1]} creative has more than "
            f"{budget:,} bytes even at JPEG quality {QUALITIES[-1]}.",
            fix="Choose a calmer photo or a smaller size.",
        )

    def check(self, offer: Offer, size: Size) -> None:
        """Set an offer's texts in a size without a photo; raises as `render` where they do not fit."""
        self._steps(offer, size)

    def _steps(self, offer: Offer, size: Size) -> list[Any]:
        """What to lay on the canvas in order: photo layers, and drawn sheets with their place."""
        key = (offer, size)
        if (kept := self._sheets.get(key)) is not None:
            return kept
        from PIL import Image

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
        steps: list[Any] = []
        sheet = Image.new("RGBA", size, (0, 0, 0, 0))
        for number, layer in enumerate(layers_of(self.brand, size), 1):
            if layer.kind == "photo":
                steps += [*_trimmed(sheet), layer]
                sheet = Image.new("RGBA", size, (0, 0, 0, 0))
            elif layer.kind == "image":
                draw.picture(sheet, layer)
            elif layer.kind == "text":
                blocks = text.fit(
                    [(item, words[item.text]) for item in layer.items],
                    self.brand.fonts,
                    layer.box[2:],
                    layer.gap,
                    owner=f"offer {offer.offer_id}",
                    place=f"{size[0]}x{size[1]} (layer {number})",
                )
                draw.stack(sheet, layer, blocks)
            else:
                draw.shape(sheet, layer)
        steps += _trimmed(sheet)
        self._sheets.put(key, steps, sum(4 * s[0].width * s[0].height for s in steps if isinstance(s, tuple)))
        return steps

    def _photo(self, photo: Photo, size: Size, layer: Layer) -> tuple[Image.Image, Image.Image | None]:
        key = (photo.sha256, photo.faces, size, layer)
        if (kept := self._photos.get(key)) is not None:
            return kept
        image, faces = read(photo, 2.5 * max(layer.box[2:]))
        picture, _ = place(image, faces, layer)
        mask = draw.rounded(layer.box[2:], layer.radius) if any(layer.radius) else None
        self._photos.put(key, (picture, mask), 4 * picture.width * picture.height)
        return picture, mask


def _trimmed(sheet: Image.Image) -> list[tuple[Image.Image, tuple[int, int]]]:
    """A sheet without its transparent border and where it lies; nothing when it is empty."""
    box = sheet.getbbox()
    return [] if box is None else [(sheet.crop(box), box[:2])]


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
