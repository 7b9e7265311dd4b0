"""Pairs of photos to judge the engine by: LFW's list, a CSV, or every pair of a folder of persons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.pictures import ENDINGS

if TYPE_CHECKING:
    import polars as pl

MAX_PAIRS = 5_000_000
SAME = {"1": True, "true": True, "same": True, "yes": True, "0": False, "false": False, "different": False, "no": False}


def read(path: Path) -> pl.DataFrame:
    """Read a file of pairs.

    Args:
        path: LFW's form (a first line `folds TAB n` or `n`, then for each fold n lines `name i j` and n lines
            `name i other j`), or CSV with columns a, b, same and optionally fold, group, person_a, person_b.

    Returns:
        a, b (photos below the root), same, person_a?, person_b?, fold?, group?.

    Raises:
        InputError: names the file, the row and what was found.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError("there is no such file.", file=path, fix="Give a file of pairs.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}.", file=path, fix="Give a text file in UTF-8.") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError("is empty.", file=path, fix="Give LFW's pairs.txt, or a CSV with columns a, b, same.")
    return _csv(path, lines) if "," in lines[0] else _lfw(path, lines)


def by_folder(folder: Path) -> pl.DataFrame:
    """Every pair of photos below a folder that holds one folder per person.

    Returns:
        As `read`; a and b in the order of their paths, each pair once.

    Raises:
        InputError: fewer than two persons, nobody with two photos, or more than 5 million pairs.
    """
    import numpy as np
    import polars as pl

    if not folder.is_dir():
        raise InputError("is not a folder.", file=folder, fix="Give a folder with one folder of photos per person.")
    files = sorted(
        p.relative_to(folder).as_posix()
        for p in folder.glob("*/*")
        if p.suffix.lower() in ENDINGS and not p.name.startswith(".")
    )
    person = np.array([f.split("/")[0] for f in files])
    if len(set(person)) < 2 or len(set(person)) == len(files):
        raise InputError(
            f"holds {len(files)} photos of {len(set(person))} persons.",
            file=folder,
            fix="At least two persons are needed, one of them with two photos.",
        )
    if len(files) * (len(files) - 1) // 2 > MAX_PAIRS:
        raise InputError(
            f"holds {len(files)} photos, too many for all pairs.", file=folder, fix="List pairs in a file."
        )
    a, b = np.triu_indices(len(files), 1)
    names = np.array(files)
    return pl.DataFrame(
        {"a": names[a], "b": names[b], "same": person[a] == person[b], "person_a": person[a], "person_b": person[b]}
    )


def _lfw(path: Path, lines: list[str]) -> pl.DataFrame:
    import polars as pl

    head = lines[0].split()
    if len(head) > 2 or not all(part.isdigit() for part in head):
        raise InputError(
            f"starts with {lines[0][:40]!r}.",
            file=path,
            row=0,
            fix="LFW's form starts with `10 300`; a CSV with a,b,same.",
        )
    folds, each = (int(head[0]), int(head[1])) if len(head) == 2 else (1, int(head[0]))
    if len(lines) - 1 != 2 * folds * each:
        raise InputError(
            f"announces {2 * folds * each} pairs and holds {len(lines) - 1}.", file=path, fix="Correct the first line."
        )
    rows = []
    for number, line in enumerate(lines[1:]):
        parts = line.split("\t") if "\t" in line else line.split()
        same = number % (2 * each) < each
        if len(parts) != (3 if same else 4) or not (parts[-1].isdigit() and parts[1].isdigit()):
            raise InputError(
                f"{line[:60]!r} is not a pair of {'one person' if same else 'two persons'}.", file=path, row=number + 1,
                fix="Write `name i j`." if same else "Write `name i other j`.",
            )  # fmt: skip
        first, second = (parts[0], parts[1]), (parts[0] if same else parts[2], parts[-1])
        rows.append(
            {
                **{key: f"{name}/{name}_{int(n):04d}.jpg" for key, (name, n) in (("a", first), ("b", second))},
                "same": same,
                "person_a": first[0],
                "person_b": second[0],
                "fold": number // (2 * each),
            }
        )
    frame = pl.DataFrame(rows)
    return frame.drop("fold") if folds == 1 else frame


def _csv(path: Path, lines: list[str]) -> pl.DataFrame:
    import csv

    import polars as pl

    rows = list(csv.DictReader(lines))
    columns = list(rows[0]) if rows else []
    for column in ("a", "b", "same"):
        if column not in columns:
            raise InputError(f"has no column {column!r}; found {', '.join(map(str, columns)) or 'no rows'}.", file=path)
    known = ("a", "b", "same", "fold", "group", "person_a", "person_b")
    out: dict[str, list] = {c: [] for c in known if c in columns}
    for number, row in enumerate(rows, 1):
        same = SAME.get((row["same"] or "").strip().lower())
        if same is None or not row["a"] or not row["b"]:
            raise InputError(
                f"{row['same']!r} is not a mark of same or different." if same is None else "a photo is missing.",
                file=path, row=number, column="same" if same is None else "a", fix="Write 1 or 0.",
            )  # fmt: skip
        for column, values in out.items():
            values.append(same if column == "same" else row[column])
    return pl.DataFrame(out)
