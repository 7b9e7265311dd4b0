"""Faces: likeness on real photos, time per photo against facenet-pytorch as its README uses it, matching against FAISS.

On one thread in processor seconds, which a busy machine changes little; embedding also on every core by the clock.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path

from tests.bench.face_stages import stage_ms

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces10x10"
PHOTOS, QUERIES = 50_000, 20_000


def seconds(work, repeats: int = 3) -> float:
    """Least processor seconds of a few runs, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def rounds(works: dict, repeats: int = 5) -> dict[str, float]:
    """Least seconds by the clock of each, all of them in turn, so that a busy moment disturbs each alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(repeats):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def main() -> None:
    """Print every figure of the faces issue."""
    import torch

    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    cold()
    if REAL.is_dir():
        likeness()
        speed()
        every_core(cores)
    else:
        print("real photos are absent (../shared/data/faces10x10): likeness and speed are not measured")
    matching()


def cold() -> None:
    """The first embedding of a process: on a machine that never made one, and on one that did."""
    import subprocess
    import sys

    code = (
        "import torch,time;torch.set_num_threads(1);a=time.process_time();b=time.perf_counter();"
        "from engine.faces.embed import Embedder;e=Embedder();import numpy as np;e(np.zeros((1,160,160,3),np.uint8));"
        "print(f'{time.process_time()-a:.2f} processor s, {time.perf_counter()-b:.2f} s by the clock, {e.runtime}')"
    )
    with tempfile.TemporaryDirectory() as cache:
        for what in ("nothing converted yet", "converted before"):
            out = subprocess.run(
                [sys.executable, "-c", code], env={**os.environ, "XDG_CACHE_HOME": cache},
                capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
            print(f"first embedding beyond importing torch, {what}: {out}")


def likeness() -> None:
    from engine.config import Faces
    from engine.faces import evaluate, pairs

    every = pairs.by_folder(REAL)
    for settings in (
        Faces(runtime="torch", precision="fp32", max_yaw=1),
        Faces(max_yaw=1),
        Faces(),
        Faces(max_yaw=1, detector="opencv"),
        Faces(max_yaw=1, mirror=True),
        Faces(max_yaw=1, align="similarity"),
        Faces(max_yaw=1, align="frontal"),
    ):
        r = evaluate.evaluate(every, REAL, settings=settings, threads=1)
        print(
            f"{settings.detector} {settings.align:10} {settings.precision:4} mirror {settings.mirror!s:5} "
            f"scored {r.scored} AUC {r.auc[0]:.5f} [{r.auc[1]:.4f}, {r.auc[2]:.4f}] "
            f"same {r.mean_same:.3f} different {r.mean_different:.3f} accuracy {r.accuracy[0]:.3f} "
            f"threshold {r.threshold:.3f} "
            + " ".join(f"TPR@FAR {f:g} {v[0]:.3f} (threshold {v[3]:.3f})" for f, v in r.tpr_at_far.items())
            + f" no face {r.no_face}"
        )


def speed() -> None:
    import numpy as np
    import torch
    from facenet_pytorch import MTCNN
    from PIL import Image

    from engine.config import Faces
    from engine.faces import align, cut, gallery, weights
    from engine.faces.embed import Embedder
    from engine.faces.mtcnn import Detector
    from engine.faces.read import read

    files = sorted(REAL.glob("*/*.jpg"))[:96:3]
    settings = Faces()
    ours = gallery.examiner("customer", settings, 1)
    detector, fast = Detector(settings.min_face * 0.8), Embedder()
    exact = Embedder(runtime="torch", precision="fp32")
    resnet = weights.network(weights.state_dict("casia-webface"))

    def crop(file: Path) -> np.ndarray:
        photo = read(file)
        found = detector(photo.pixels)
        face, _ = cut.choose(found.boxes, *photo.pixels.shape[:2])
        return align.face(photo.pixels, found.boxes[face], found.landmarks[face])

    crops = np.stack([crop(file) for file in files[:16]])
    batch = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127.5) / 128
    with torch.no_grad():
        loop = seconds(lambda: [resnet(batch[k : k + 1]) for k in range(16)], 2) / 16
        batched = seconds(lambda: resnet(batch), 2) / 16
    ours8, ours32 = seconds(lambda: fast(crops)) / 16, seconds(lambda: exact(crops), 2) / 16
    print(
        f"embedding, ms a face: loop {loop * 1e3:.1f}, batched fp32 {batched * 1e3:.1f}, ours fp32 {ours32 * 1e3:.1f},"
    )
    print(
        f"  ours {fast.runtime} {ours8 * 1e3:.1f}: {loop / ours8:.1f} x the loop, {batched / ours8:.1f} x batched fp32"
    )
    agree = (fast(crops) * exact(crops)).sum(axis=1).min()
    print(f"  least cosine with fp32: {agree:.5f}")

    with tempfile.TemporaryDirectory() as folder:
        large = []
        for k, file in enumerate(files[:16]):
            path = Path(folder) / f"{k}.jpg"
            with Image.open(file) as image:
                image.resize((3464, 3464), Image.Resampling.BICUBIC).save(path, quality=90)
            large.append(path)
        # Theirs takes many seconds for a large photo: two of them tell enough.
        for name, some, few in (("250 x 250", files, files), ("12 megapixels", large, large[:2])):
            found = stage_ms(ours, some, time.process_time)
            print(f"file to embedding, {name}: ours {found['whole']:.1f} ms a photo: {found}")
            for label, least in (("defaults", 20), ("equal min_face", settings.min_face * 0.8)):
                mtcnn = MTCNN(margin=32, min_face_size=least)

                def theirs(few=few, mtcnn=mtcnn):
                    with torch.no_grad():
                        for file in few:
                            with Image.open(file) as image:
                                face = mtcnn(image)
                            resnet(face.unsqueeze(0))

                a = seconds(theirs, 2) / len(few) * 1e3
                print(f"  facenet-pytorch's loop, {label}: {a:.0f} ms, {a / found['whole']:.1f} x ours")
        small = [read(file).pixels for file in files]
        a = seconds(lambda: [MTCNN(margin=32).detect(Image.fromarray(p)) for p in small], 1) / len(small)
        for kind in ("mtcnn", "opencv"):
            finds = Detector(settings.min_face * 0.8, kind)
            b = seconds(lambda find=finds: [find.many(small[k : k + 16]) for k in range(0, len(small), 16)], 2)
            b /= len(small)
            print(f"every face, 250 x 250: theirs {a * 1e3:.1f} ms, ours {kind} {b * 1e3:.1f} ms: {a / b:.1f} x")


def every_core(cores: int) -> None:
    """Embedding by the clock: theirs with torch's own threads, ours with a caller a core, as `analyse` does it."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    import torch

    from engine.faces import weights
    from engine.faces.embed import Embedder
    from engine.faces.runtimes import BATCH

    faces = np.random.default_rng(1).integers(0, 256, (4 * BATCH, 160, 160, 3)).astype(np.uint8)
    batch = (torch.from_numpy(faces[:BATCH]).permute(0, 3, 1, 2).float() - 127.5) / 128
    resnet = weights.network(weights.state_dict("casia-webface"))
    fast = Embedder(callers=cores)
    torch.set_num_threads(cores)

    def loop() -> None:
        with torch.no_grad():
            for k in range(BATCH):
                resnet(batch[k : k + 1])

    def batched() -> None:
        with torch.no_grad():
            resnet(batch)

    with ThreadPoolExecutor(cores) as pool:
        parts = [faces[k : k + BATCH] for k in range(0, len(faces), BATCH)]
        found = rounds({"loop": loop, "batched": batched, "ours": lambda: list(pool.map(fast, parts))})
    torch.set_num_threads(1)
    a, b, c = found["loop"] / BATCH, found["batched"] / BATCH, found["ours"] / len(faces)
    print(
        f"embedding by the clock, {cores} cores, ms a face: loop {a * 1e3:.1f}, batched fp32 {b * 1e3:.1f}, "
        f"ours {fast.runtime} {c * 1e3:.1f}: {a / c:.1f} x the loop, {b / c:.1f} x batched fp32"
    )


def matching() -> None:
    import numpy as np

    from engine.faces.match import nearest

    draw = np.random.default_rng(7)

    def unit(n: int) -> np.ndarray:
        v = draw.standard_normal((n, 512), dtype=np.float32)
        return v / np.linalg.norm(v, axis=1, keepdims=True)

    gallery, queries = unit(PHOTOS), unit(QUERIES)
    groups = np.arange(PHOTOS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for k in (1, 32):
        begun = time.perf_counter()
        ids, _ = nearest(queries, groups, gallery, k)
        ours = time.perf_counter() - begun
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6
        print(
            f"nearest {k} of {PHOTOS:,} for {QUERIES:,} queries: {QUERIES / ours:,.0f} a second, {grown:.2f} GB beyond "
            f"the inputs; 1 million customers take {1e6 / QUERIES * ours / 60:.1f} minutes"
        )
        try:
            import faiss
        except ImportError:
            print("  faiss-cpu is not installed: not compared")
            continue
        index = faiss.IndexFlatIP(512)
        index.add(gallery)
        begun = time.perf_counter()
        _, theirs = index.search(queries, k)
        other = time.perf_counter() - begun
        same = (theirs == ids).mean()
        print(
            f"  FAISS flat: {QUERIES / other:,.0f} a second; ours {other / ours:.2f} x; {same:.4%} of the ranks agree"
        )
    print(f"threads: {os.environ.get('OMP_NUM_THREADS', 'all')}")


if __name__ == "__main__":
    main()
