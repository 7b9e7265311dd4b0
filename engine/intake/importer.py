"""Tables and photos into the workspace: customers, devices, offers, treatments, acts, photos, inventory, consents,
opt-outs.

Every row is kept, counted as a duplicate or rejected with its number and a reason. A later row of the same key
replaces the earlier one, in a file as between files; columns the later file does not have keep their values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import sources
from engine.errors import InputError, masked
from engine.forms import textfile
from engine.intake import free_columns, mapped, models, photos, preview, reading, rejected, unread
from engine.intake.rejected import ROW, WHY, why
from engine.intake.typed import typed
from engine.progress import SILENT, Progress
from engine.sources import SourceSummary, readings, takeback
from engine.tables import TABLES
from engine.trust import objections, pseudonyms
from engine.warehouse import Warehouse

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.logs.mapping import Profile

TARGETS = ("customers", "devices", "offers", "treatments", "acts", "photos", "inventory", "consents", "optouts")
_WITH_PHOTOS = ("photos", "inventory")
_SAID_IN_FULL = ("consents",)  # what a column of another name says may forbid what the others allow
# Whom nobody here knows may be known by another name: a number without its country code, a handset's.
_SAY_WHO_IS_UNKNOWN = ("optouts", "consents")
_PERSON = "customer_id"
NO_CUSTOMER = "no_customer"  # in a summary's details: people of the file who are no customers
_THINGS = ("campaign_id", "offer_id", "photo_id", "act")
_PRODUCTS = ("manufacturer", "model")
# Osmocom: a licence line, then a header in which `name` stands for manufacturer and for model.
_DEVICE_TABLES = {
    "osmocom": (1, {"tac": "tac", "name": "manufacturer", "name_2": "model"}),
    "flowkit": (0, {"id": "tac", "brand": "manufacturer", "model": "model"}),
}


def import_table(
    store: Warehouse,
    target: str,
    path: Path,
    *,
    format: str | None = None,
    faces_folder: Path,
    config: Config,
    key: bytes,
    keep: Collection[str] = (),
    sheet: str | None = None,
    encoding: str | None = None,
    mapping: Path | None = None,
    progress: Progress = SILENT,
) -> SourceSummary:
    """Import one file (or folder of photos) into a table.

    Args:
        store: the workspace's warehouse, open for writing.
        target: one of `TARGETS`.
        path: a table in any form that `engine.forms` opens, with the columns of ours, names in any case; for photos
            and inventory also a folder of pictures.
        format: None, or for devices `osmocom` (Osmocom's TAC table) or `flowkit` (FlowKit's tacs).
        faces_folder: where photos are kept, by content.
        config: settings; section ids is used.
        key: the workspace's pseudonym key.
        keep: further columns to keep as they come, besides those of the setting ids.keep.
        sheet: of a workbook.
        encoding: of a text; None = found.
        mapping: a TOML file that says how the file's columns, words, numbers and times read (docs/mapping.md).
        progress: where bars are drawn.

    Returns:
        What became of the rows.

    Raises:
        InputError: no such target or format, the file is missing, empty, not a table or lacks columns, the mapping
            does not fit it, or more rows than the setting intake.max_rejected allows are rejected for what a mapping
            could tell. Nothing of it is stored then.
    """
    import polars as pl

    if target not in TARGETS:
        raise InputError(f"there is no table {target!r} to import.", fix=f"The tables are {', '.join(TARGETS)}.")
    if format not in (None, "", "auto", "csv", *_DEVICE_TABLES) or (format in _DEVICE_TABLES and target != "devices"):
        raise InputError(f"there is no format {format!r} of {target}.", fix="Leave --format out.")
    path = Path(path)
    profile = _profile(target, path, mapping)
    pseudonyms.check_naming(store, config.ids, note=False)
    with (
        progress.task(target, total=1) as task,
        _needed_photos(store, faces_folder) as new,
        ExitStack() as together,
    ):
        told = {"sheet": sheet, "encoding": encoding}
        frame, broken, total, digest, notes = _read(store, target, path, format, profile, told)
        frame = _without_objecting(store, target, _without_nobody(frame), config, key)
        if target == "inventory":
            frame = models.checked(store, frame, path)
        brings = target in _WITH_PHOTOS and "path" in frame.columns
        files = frame.select(ROW, "path", *{_PERSON} & {*frame.columns}) if brings else None
        if brings:
            frame, digest = _bring_photos(frame, path, faces_folder, digest, config.faces.max_megapixels, new)
        named = profile.label if profile else format or "table"
        source = sources.source_id(target, named + _stamp(target, config, keep, sheet), digest)
        known = sources.seen(store, source, path, old=sources.source_id(target, named, digest))
        if known is not None:
            return known
        before = sources.earlier(store, target, digest, source, sheet=sheet or "")
        if before.height:
            together.enter_context(store.transaction())
            takeback.tables(store, target, before["source_id"].to_list(), key)
        frame, guarded = free_columns.guard(
            store,
            frame,
            _further(target, frame),
            config.ids,
            key,
            names=(*_THINGS, *_PRODUCTS),
            texts=TABLES[target].names,
            keep=_kept(keep, config, frame, path),
            known=store.read(target) if target == "customers" else None,
        )
        texts = frame
        frame, bad = typed(target, frame)
        unread.check(texts, bad, target, path, config.intake.max_rejected)
        unread.check_refusals(texts, broken, bad, target, path)
        rejects = pl.concat([broken.select(ROW, WHY), bad.select(ROW, WHY)]).sort(ROW)
        left_out = notes.get(sources.LEFT_OUT, 0)
        if total and rejects.height == total - left_out and set(rejects[WHY].struct.field("reason")) != {"opted_out"}:
            row, first = rejects.row(0)
            raise InputError(
                f"not one row can be used: {rejected.words(first)}.", file=path, row=row, fix="Correct the file."
            )
        columns = preview.columns(profile, texts, frame)
        if _PERSON in frame.columns:
            frame = frame.with_columns(pseudonyms.name_series(store, frame[_PERSON], config.ids, key))
        with store.transaction():
            pseudonyms.check_naming(store, config.ids)
            strangers = _no_customers(store, target, frame)
            merged, how = _merge(store, source, target, frame)
            _after(store, target, frame, key)
            summary = SourceSummary(
                source,
                target,
                sources.mask_path(path),
                profile.name if profile else format or ("folder" if path.is_dir() else "table"),
                total,
                merged.kept,
                merged.duplicate,
                rejects.height,
                {
                    name: n
                    for name, n in {
                        **notes,
                        **merged.counts,
                        NO_CUSTOMER: strangers,
                        **guarded.details(),
                        **rejected.details(rejects),
                    }.items()
                    if n
                },
            )
            summary = replace(summary, replaces=sources.replaced(before, summary), columns=columns)
            sources.record(store, summary, digest, {**how, "region": config.ids.region, "sheet": sheet or ""})
            rejected.record(store, source, rejects, None if files is None else photos.named(store, files, config, key))
        task.advance()
    return summary


def _stamp(target: str, config: Config, keep: Collection[str], sheet: str | None) -> str:
    """What else decides how a table reads belongs to the name of the source."""
    region = config.ids.region if _PERSON in TABLES[target].names else ""
    told = [*keep, *(config.ids.keep.split(",") if target in ("customers", "inventory") else [])]
    kept = ",".join(sorted({name.strip().lower() for name in told if name.strip()}))
    said = {"region": region, "keep": kept, "sheet": sheet}
    return "".join(f";{name}={value}" for name, value in said.items() if value)


def _profile(target: str, path: Path, mapping: Path | None) -> Profile | None:
    """The one table of a mapping."""
    if mapping is None:
        return None
    from engine.logs.mapping import load

    if path.is_dir() and target in _WITH_PHOTOS:
        raise InputError("a folder of photos has no columns.", file=path, fix="Leave --mapping out.")
    found = load(mapping, target)
    if len(found) > 1:
        raise InputError(f"a mapping of {target} has one table.", file=mapping, fix="Leave [[table]] out.")
    return found[0]


def _read(
    store: Warehouse, target: str, path: Path, format: str | None, profile: Profile | None, told: dict[str, str | None]
) -> tuple[pl.DataFrame, pl.DataFrame, int, str, dict[str, int]]:
    """Rows as text, rows that do not split, rows in all, content digest, notes."""
    import polars as pl

    if path.is_dir() and target in _WITH_PHOTOS:
        found, others = photos.listed(path, person_per_folder=target == "photos")
        name = _PERSON if target == "photos" else "photo_id"
        frame = found.rename({"id": name}).with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
        return frame, rejected.none(), frame.height, "", {"other_files": others}
    content, notes = sources.read_content(path), dict[str, int]()
    if format in _DEVICE_TABLES:
        frame, broken, total = _device_table(store, path, format)
    else:
        said = {"once": TABLES[target].names, **reading.layout_options(profile), **{k: v for k, v in told.items() if v}}
        frame, broken, total = reading.read_text(path, memory=sources.memory(store), notes=notes, **said)
    sources.unchanged(path, content)
    if profile:
        frame, notes[sources.LEFT_OUT] = mapped.apply(frame, profile, path)
        if total and notes[sources.LEFT_OUT] == total:
            raise InputError(
                f"the mapping leaves out all of its {total} rows.", file=path, fix="Check rows.where of the mapping."
            )
    return _checked_columns(store, target, frame, path), broken, total, content.sha256, notes


def _checked_columns(store: Warehouse, target: str, frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The frame, with our name for a birth date.

    Raises:
        InputError: a column is missing, there are too many, or one is called by what may name a person or tell of a no.
    """
    header = ", ".join(c for c in frame.columns if c != ROW)  # as the file has it, to be told where it lacks something
    if target == "customers" and "birth_date" not in frame.columns:
        frame = frame.rename(dict.fromkeys([n for n in free_columns.BORN if n in frame.columns][:1], "birth_date"))
    textfile.check_width({*store.columns(target), *frame.columns} - {ROW}, path)
    not_asked = {"photos": ("sha256",), "inventory": ("sha256", "path")}.get(target, ())
    needed = [c.name for c in TABLES[target].columns if not c.nullable and c.name not in not_asked]
    missing = [name for name in needed if name not in frame.columns]
    if any(masked(name) != name for name in frame.columns):
        raise InputError(
            "a column's name is a person's number or address.",
            file=path,
            fix="Give the file a header line, or that column another name.",
        )
    strange = [name for name in frame.columns if name not in TABLES[target].names and name != ROW]
    if target in _SAID_IN_FULL and strange and not missing:
        raise InputError(
            f"{target} have no column {' and '.join(strange)}: a withdrawal or an expiry in it would be lost.",
            file=path,
            row=0,
            fix=f"Their columns are {', '.join(TABLES[target].names)}; rename it, or leave it out of the file.",
        )
    if missing:
        raise InputError(
            f"{target} need the column {' and '.join(missing)}; the header reads {header}.",
            file=path,
            fix=f'Say where it is: --mapping FILE with [columns] {missing[0]} = "its name" (docs/mapping.md), or check '
            "the delimiter.",
        )
    return frame


def _device_table(store: Warehouse, path: Path, format: str) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """A well-known table of handset types, under our names."""
    skip, names = _DEVICE_TABLES[format]
    frame, broken, total = reading.read_text(path, memory=sources.memory(store), skip=skip)
    if not set(names) <= set(frame.columns):
        raise InputError(f"this is not a table of format {format!r}.", file=path, fix="Leave --format out.")
    return frame.select(ROW, *names).rename(names), broken, total


@contextmanager
def _needed_photos(store: Warehouse, faces_folder: Path) -> Iterator[set[str]]:
    """Gather the copies of photos that an import makes; those that no row needs at its end, however it ends, are gone.

    A file that was seen before changes no row: of somebody who was erased since, no photo comes back.
    """
    new: set[str] = set()
    try:
        yield new
    finally:
        if new:
            photos.drop(new - set(store.query("trust/photo_files")["path"]), faces_folder)


def _bring_photos(
    frame: pl.DataFrame, path: Path, faces_folder: Path, digest: str, max_megapixels: float, new: set[str]
) -> tuple[pl.DataFrame, str]:
    """Copy the photos; the digest covers the table and each photo's content, so a corrected folder counts as new."""
    import polars as pl

    root = path if path.is_dir() else path.parent
    wanted = frame.select(pl.when(rejected.given(frame).is_null()).then(pl.col("path")))[:, 0]
    digests, places, whys = photos.bring(wanted.to_list(), root, faces_folder, new=new, max_megapixels=max_megapixels)
    frame = frame.with_columns(
        pl.Series("path", places, dtype=pl.String),
        pl.Series("sha256", digests, dtype=pl.String),
        pl.coalesce(rejected.given(frame), pl.Series(WHY, whys, dtype=rejected.fields())).alias(WHY),
    )
    first = frame.columns[1]
    reasons = [found and rejected.words(found) for found in whys]
    lines = [digest, *(f"{a}\0{b}\0{c}" for a, b, c in zip(frame[first], digests, reasons, strict=True))]
    return frame, hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _further(target: str, frame: pl.DataFrame) -> list[str]:
    """Columns in which people's second numbers and addresses may stand: names of things, and whatever the table does
    not define."""
    if target not in ("customers", "inventory"):
        return [name for name in frame.columns if name in _THINGS + _PRODUCTS]
    known = {c.name for c in TABLES[target].columns if c.type != "text"} | {_PERSON, "sha256", "path"}
    return [name for name in frame.columns if name not in known | {ROW, WHY}]


def _kept(keep: Collection[str], config: Config, frame: pl.DataFrame, path: Path) -> set[str]:
    """Columns to keep as they come: those named for this import must be there, those of the setting may be."""
    named = {name.strip().lower() for name in keep if name.strip()}
    if absent := sorted(named - set(frame.columns)):
        raise InputError(
            "there is no such column to keep.", file=path, row=0, column=absent[0],
            fix=f"The columns are {', '.join(c for c in frame.columns if c not in (ROW, WHY))}.",
        )  # fmt: skip
    return named | {name.strip().lower() for name in config.ids.keep.split(",") if name.strip()}


def _merge(store: Warehouse, source: str, target: str, frame: pl.DataFrame) -> tuple[readings.Merged, dict[str, Any]]:
    """Replace rows of the same keys, and keep the new ones so that the import can be taken back."""
    merged = readings.merge(target, store.read(target), frame.drop(ROW))
    if target not in readings.TARGETS:
        how = {}
    else:
        readings.keep_existing(store, target)
        how = readings.keep(store, source, target, merged.last)
    if merged.rows is not None:
        store.write(target, merged.rows)
    return merged, how


def _without_nobody(frame: pl.DataFrame) -> pl.DataFrame:
    """Reject rows whose id names no person: a word such as "unknown", or a number whose last digits are lost."""
    import polars as pl

    if _PERSON not in frame.columns:
        return frame
    problems = pseudonyms.problems(frame[_PERSON])
    found = [pl.when(problems == name).then(why(_PERSON, name)) for name in sorted(set(problems.drop_nulls()))]
    return frame.with_columns(pl.coalesce(rejected.given(frame), *found).alias(WHY)) if found else frame


def _without_objecting(store: Warehouse, target: str, frame: pl.DataFrame, config: Config, key: bytes) -> pl.DataFrame:
    """Rows of people who opted out get their reason: nothing of them is stored, no photo copied."""
    import polars as pl

    if target == "optouts" or _PERSON not in frame.columns or not store.count("objections") + store.count("optouts"):
        return frame
    names = pseudonyms.name_series(store, frame[_PERSON], config.ids, key)
    out = objections.objecting(store, names, key) | names.is_in(store.read("optouts")[_PERSON].implode())
    known = rejected.given(frame)
    return frame.with_columns(pl.when(out.fill_null(False)).then(why(None, "opted_out")).otherwise(known).alias(WHY))


def _no_customers(store: Warehouse, target: str, frame: pl.DataFrame) -> int:
    """How many people of a file, named as here, are no customers (of opt-outs and consents: stand in no call record
    either); 0 while nobody has come yet."""
    if target == "customers" or _PERSON not in frame.columns:
        return 0
    told = target in _SAY_WHO_IS_UNKNOWN
    if not store.count("customers") + (store.count("parties") if told else 0):
        return 0
    people = frame[_PERSON].drop_nulls().unique().sort().to_frame("name")
    store.keep("_people", people)
    return store.query("trust/strangers" if told else "trust/no_customers")["n"][0]


def _after(store: Warehouse, target: str, frame: pl.DataFrame, key: bytes) -> None:
    """What follows for the parties and their contacts, and what was withdrawn before."""
    if target in ("customers", "optouts"):
        store.execute("intake/refresh_parties")
    if target == "optouts":
        store.execute("intake/drop_opted_out_days")
    if target == "consents":
        store.keep("_consenting", frame.select(name=_PERSON).unique().sort("name"))
        objections.recognise(store, "trust/consenting", key)
        store.execute("trust/withdraw_recognised")
