"""The sender's own list: its ids become pseudonyms in memory, and its columns are put beside the delivery's.

The list is written nowhere but to the place that was asked for: the pseudonyms are computed by a database that has no
file and may not spill to the disk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import plaintable
from engine.errors import InputError
from engine.export.targets import is_url
from engine.forms import unique
from engine.trust import pseudonyms
from engine.warehouse import in_memory
from engine.workspace import CONFIG

if TYPE_CHECKING:
    import polars as pl

    from engine.workspace import Workspace

PERSON = "customer_id"
_PSEUDONYM = re.compile(rf"[0-9a-f]{{{pseudonyms.DIGITS}}}")
# Beside the list's columns: the row's number, the person the workspace knows, by which column, the first id's name.
_ROW, WHO, _BY, NAME = "__row", "__who", "__by", "__name"
_SHOWN = 5  # pairs of rows that a message names


@dataclass(frozen=True)
class SenderList:
    """A list as it came.

    Args:
        rows: its columns as texts.
        ids: the columns with ids, in the order in which they are tried.
        name: of its file, for messages.
    """

    rows: pl.DataFrame
    ids: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Matched:
    """The rows of a list whose person the workspace knows.

    Args:
        rows: `WHO`, what the person is called in the workspace, then the list's columns; one row a person.
        ids: the list's columns with ids.
        called: what the list's columns are called in `rows`.
        counts: those of `recognised`, and `repeated`: rows that say the same of a person again.
    """

    rows: pl.DataFrame
    ids: tuple[str, ...]
    called: dict[str, str]
    counts: dict[str, int]

    def named(self, people: pl.DataFrame) -> pl.DataFrame:
        """Rows with customer_id and, behind them, the list's ids; null where it does not know the person."""
        return self._beside(people, self.rows.select(WHO, *(self.called[c] for c in self.ids)))

    def beside(self, people: pl.DataFrame) -> pl.DataFrame:
        """Rows with customer_id and, behind them, all columns of the list."""
        return self._beside(people, self.rows)

    @staticmethod
    def _beside(people: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
        return people.join(own, left_on=PERSON, right_on=WHO, how="left", maintain_order="left")


def read(
    source: Path | str | pl.DataFrame,
    ids: Sequence[str] = (),
    *,
    sheet: str | None = None,
    encoding: str | None = None,
) -> SenderList:
    """Read a list.

    Args:
        source: a file in any form that `engine.forms` opens, or a frame.
        ids: its columns with ids; none = `customer_id`, or the only one there is.
        sheet: of a workbook.
        encoding: of a text; None = found.

    Raises:
        InputError: it is no table, has no rows, or no such column.
    """
    import polars as pl

    if isinstance(source, pl.DataFrame):
        frame, name = source.with_columns(pl.all().cast(pl.String)), "the list"
    else:
        frame, name = plaintable.texts(Path(source), wanted=ids, sheet=sheet, encoding=encoding), str(source)
    if not ids:
        ids = [PERSON] if PERSON in frame.columns else frame.columns
        if len(ids) > 1:
            raise InputError(
                f"which of the columns {', '.join(frame.columns)} holds ids?", file=name, fix="Add --id-column NAME."
            )
    if absent := [column for column in ids if column not in frame.columns]:
        raise InputError(
            "there is no such column.", file=name, column=absent[0], fix=f"There are {', '.join(frame.columns)}."
        )
    if not frame.height:
        raise InputError("the list has no rows.", file=name, fix="Give one with a header and a row a person.")
    return SenderList(frame, tuple(dict.fromkeys(ids)), name)


def names(workspace: Workspace, values: pl.Series) -> pl.Series:
    """What people are called in a workspace, by their ids; computed in memory alone.

    Args:
        workspace: whose key and spelling rules count.
        values: text ids, may hold nulls and repeats.

    Raises:
        WorkspaceError: the workspace's key is not on this machine.
    """
    run, key = workspace.config.run, workspace.key()
    with closing(in_memory(threads=run.threads, memory=run.memory, contracts=False)) as store:
        store.execute_text("SET temp_directory = ''", name="keep in memory")
        return pseudonyms.name_series(store, values, workspace.config.ids, key)


def recognised(workspace: Workspace, listed: SenderList) -> tuple[pl.DataFrame, dict[str, int]]:
    """Which person of a workspace each row of a list is.

    Args:
        workspace: an opened workspace.
        listed: the list. Of several columns with ids the first whose person is known counts, row by row.

    Returns:
        The list's rows with `NAME` (what the person is called, or would be) and the row's number, person and column
        (null = the workspace knows nobody of these ids); and counts: `rows`, `by <column>`, `unmatched`.

    Raises:
        InputError: nobody is known.
        WorkspaceError: the workspace's key is not on this machine.
    """
    import polars as pl

    with workspace.warehouse(read_only=True) as store:
        known = pl.concat([store.query("trust/everybody"), store.query("export/called_back")]).unique()
    known = known.with_columns(known=pl.lit(True))
    found = listed.rows.with_columns(pl.int_range(1, pl.len() + 1).alias(_ROW))
    named = [f"__name{number}" for number in range(len(listed.ids))]
    seen = [f"__known{number}" for number in range(len(listed.ids))]
    for column, name, flag in zip(listed.ids, named, seen, strict=True):
        found = found.with_columns(names(workspace, listed.rows[column]).alias(name))
        found = found.join(known.rename({"known": flag}), left_on=name, right_on="name", how="left",
                           maintain_order="left")  # fmt: skip
    who = [pl.when(pl.col(flag)).then(pl.col(name)) for name, flag in zip(named, seen, strict=True)]
    by = [pl.when(pl.col(flag)).then(pl.lit(column)) for column, flag in zip(listed.ids, seen, strict=True)]
    found = found.with_columns(pl.coalesce(who).alias(WHO), pl.coalesce(by).alias(_BY))
    found = found.with_columns(pl.coalesce(WHO, *named).alias(NAME)).drop(*named, *seen)
    hits = dict(found[_BY].drop_nulls().value_counts().iter_rows())
    if not hits:
        raise _strangers(workspace, listed)
    counts = {
        "rows": found.height,
        **{f"by {column}": hits.get(column, 0) for column in listed.ids},
        "unmatched": found.height - sum(hits.values()),
    }
    return found, counts


def match(workspace: Workspace, listed: SenderList, taken: Sequence[str] = ()) -> Matched:
    """Find the people of a list in a workspace.

    Args:
        workspace: an opened workspace.
        listed: the list, see `recognised`.
        taken: columns that will stand beside the list's; one of the same name gets `sender_` in front.

    Raises:
        InputError: nobody is known, or two rows that differ are one person.
        WorkspaceError: the workspace's key is not on this machine.
    """
    import polars as pl

    found, counts = recognised(workspace, listed)
    known = found.filter(pl.col(WHO).is_not_null())
    once = _once(listed, known)
    called = told_apart(listed.rows.columns, taken)
    rows = once.select(WHO, *(pl.col(c).alias(name) for c, name in called.items()))
    return Matched(rows, listed.ids, called, {**counts, "repeated": known.height - once.height})


def told_apart(columns: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """Names for a list's columns beside others: as they are, or with `sender_` in front."""
    shown = unique([*taken, *(f"sender_{c}" if c in taken else c for c in columns)])[len(taken) :]
    return dict(zip(columns, shown, strict=True))


def check_place(place: Path | str) -> None:
    """Raise InputError where a file with people's ids would lie in a workspace, or on another machine."""
    if is_url(place):
        raise InputError(
            "people's own ids are not written to a URL.",
            fix="Write to a folder on this machine, and send it as safely as you send ids.",
        )
    whole = Path(place).resolve()
    if any((home / CONFIG).is_file() for home in (whole, *whole.parents)):
        raise InputError(
            f"{place} lies in a workspace, where people's own ids are not stored.", fix="Choose a place outside."
        )


def _once(listed: SenderList, known: pl.DataFrame) -> pl.DataFrame:
    """One row a person, the first; two rows must say the same."""
    import polars as pl

    if known[WHO].is_unique().all():
        return known
    several = known.filter(pl.col(WHO).is_duplicated())
    first = several.group_by(WHO, maintain_order=True).first()
    differ = several.join(first, on=[WHO, *listed.rows.columns], how="anti", nulls_equal=True)
    if differ.height:
        pairs = differ.head(_SHOWN).join(first.select(WHO, first=_ROW), on=WHO, maintain_order="left")
        told = "; ".join(f"rows {a} and {b}" for a, b in pairs.select("first", _ROW).iter_rows())
        more = f"; and {differ.height - _SHOWN:,} more pairs" if differ.height > _SHOWN else ""
        raise InputError(
            f"two rows of the same person differ: {told}{more}.",
            file=listed.name,
            fix="Keep the right one of each pair.",
        )
    return known.unique(WHO, keep="first", maintain_order=True)


def _strangers(workspace: Workspace, listed: SenderList) -> InputError:
    columns = " or ".join(repr(column) for column in listed.ids)
    told = [text for column in listed.ids for text in listed.rows[column].drop_nulls().head(1000)]
    if told and all(map(_PSEUDONYM.fullmatch, told)):
        return InputError(
            f"{columns} holds pseudonyms, none of them made with this workspace's key.",
            file=listed.name,
            fix="Give the ids themselves, as they were imported.",
        )
    region = workspace.config.ids.region or "empty"
    return InputError(
        f"none of the {listed.rows.height:,} rows names a person of this workspace in {columns}.",
        file=listed.name,
        fix="Name the column with the ids that were imported (--id-column). Numbers without their country are read by "
        f"ids.region, which is {region}.",
    )
