"""How many JPEG creatives a second one core makes per size, and what many cost in memory.

`python -m tests.bench.bench_ads [PHOTOS] [OFFERS]` prints one JSON object. Photos are drawn and grained as a camera
would, 800 x 1000 JPEGs; rates are creatives per CPU second of one process, with decoding, cropping, composing and
encoding, without writing; `pool` renders all sizes to files with one process per core, in wall-clock seconds.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.ads import brands, creative, pool
from engine.ads.photo import Photo
from engine.ads.render import Offer, Renderer
from tests.ads.ads_data import portrait

TARGETS = {"1080x1080": 25, "300x250": 200}


def main(photos: int = 12, offers: int = 12) -> None:
    """Print the rates."""
    brand = brands.load()
    said = [
        Offer(
            f"o{n}", f"Your new handset number {n} is waiting", "Swap yours this month and keep your number.", "Get it"
        )
        for n in range(offers)
    ]
    result: dict[str, Any] = {"photos": photos, "offers": offers, "targets": TARGETS, "per_cpu_second": {}}
    with tempfile.TemporaryDirectory() as folder:
        models = [_grained(portrait(Path(folder) / f"m{n}.jpg", n, (800, 1000))) for n in range(photos)]
        for size in brand.sizes:
            renderer = Renderer(brand)
            started, count = time.process_time(), 0
            for photo in models:
                for offer in said:
                    renderer.file(photo, offer, size)
                    count += 1
                if time.process_time() - started > 6:
                    break
            result["per_cpu_second"][f"{size[0]}x{size[1]}"] = round(count / (time.process_time() - started), 1)
        wanted = [creative.creative("bench", brand, o, p, s) for o in said for p in models[:4] for s in brand.sizes]
        started = time.perf_counter()
        made = pool.render_all(wanted, brand, Path(folder) / "out")
        result["pool"] = {"creatives": made, "seconds": round(time.perf_counter() - started, 2)}
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result, indent=1))


def _grained(photo: Photo) -> Photo:
    """The photo with noise, which is what makes real JPEGs slow to read and write."""
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(photo.path)).astype(np.int16)
    noise = np.random.default_rng(7).normal(0, 6, pixels.shape)
    Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(photo.path, quality=92)
    return photo


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
