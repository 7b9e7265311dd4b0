"""The graph for other programs: GraphML and GEXF (Gephi, yEd, igraph, networkx)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("graphml", "gexf", "parquet")
BLOCK = 200_000
KINDS = {"Float64": "double", "Int64": "long", "UInt32": "long", "Boolean": "boolean", "String": "string"}


def export(nodes: pl.DataFrame, ties: pl.DataFrame, path: Path, *, kind: str) -> list[Path]:
    """Write the graph of the ties that count.

    Args:
        nodes: table `nodes`.
        ties: table `ties`; gated ones are left out.
        path: file to write; for parquet a folder that gets nodes.parquet and ties.parquet.
        kind: graphml, gexf or parquet.

    Returns:
        The files written. A node's id is its party id.

    Raises:
        ConfigError: no such format.
    """
    import polars as pl

    if kind not in FORMATS:
        raise ConfigError(f"There is no graph format {kind!r}.", fix=f"The formats are {', '.join(FORMATS)}.")
    nodes = nodes.sort("node")
    ties = ties.filter(pl.col("gated_because").is_null()).drop("gated_because").sort("a", "b")
    names = nodes.select("node", "party_id")
    ties = (
        ties.join(names.rename({"node": "a", "party_id": "source"}), on="a", maintain_order="left")
        .join(names.rename({"node": "b", "party_id": "target"}), on="b", maintain_order="left")
        .select("source", "target", pl.exclude("a", "b", "source", "target"))
    )
    nodes = nodes.select("party_id", pl.exclude("node", "party_id"))
    if kind == "parquet":
        path.mkdir(parents=True, exist_ok=True)
        files = [path / "nodes.parquet", path / "ties.parquet"]
        for frame, name in zip((nodes, ties), files, strict=True):
            with open(name, "wb") as file:
                frame.write_parquet(file)
        return files
    writer = _graphml if kind == "graphml" else _gexf
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8") as file:
        for text in writer(nodes, ties):
            file.write(text)
    part.replace(path)
    return [path]


def _graphml(nodes: pl.DataFrame, ties: pl.DataFrame):
    """Pieces of the file; http://graphml.graphdrawing.org/primer/graphml-primer.html."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for domain, frame, skip in (("node", nodes, 1), ("edge", ties, 2)):
        for name in frame.columns[skip:]:
            kind = KINDS[str(frame[name].dtype)]
            yield f'<key id="{domain}_{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph edgedefault="undirected">\n'
    data = {d: f'<data key="{d}_{{name}}">{{value}}</data>' for d in ("node", "edge")}
    yield from _lines(nodes, '<node id="{0}">', 1, data["node"], "</node>")
    yield from _lines(ties, '<edge source="{0}" target="{1}">', 2, data["edge"], "</edge>")
    yield "</graph>\n</graphml>\n"


def _gexf(nodes: pl.DataFrame, ties: pl.DataFrame):
    """Pieces of the file; https://gexf.net/schema.html, version 1.3."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    yield '<graph defaultedgetype="undirected">\n'
    for domain, frame, skip in (("node", nodes, 1), ("edge", ties, 2)):
        yield f'<attributes class="{domain}">\n'
        for name in frame.columns[skip:]:
            yield f'<attribute id="{name}" title="{name}" type="{KINDS[str(frame[name].dtype)]}"/>\n'
        yield "</attributes>\n"
    value = '<attvalue for="{name}" value="{value}"/>'
    yield "<nodes>\n"
    yield from _lines(nodes, '<node id="{0}" label="{0}"><attvalues>', 1, value, "</attvalues></node>")
    yield "</nodes>\n<edges>\n"
    yield from _lines(ties, '<edge source="{0}" target="{1}"><attvalues>', 2, value, "</attvalues></edge>")
    yield "</edges>\n</graph>\n</gexf>\n"


def _lines(frame: pl.DataFrame, start: str, ids: int, value: str, end: str):
    """One line per row, as text of whole blocks: columns are joined, no row becomes an object."""
    import polars as pl

    names = frame.columns
    pieces = [pl.format(start.replace("{0}", "{}").replace("{1}", "{}"), *_ids(start, names, ids))]
    for name in names[ids:]:
        before, after = value.replace("{name}", name).split("{value}")
        pieces.append(pl.format(before + "{}" + after, _text(name, frame[name].dtype)).fill_null(""))
    for offset in range(0, frame.height, BLOCK):
        block = frame.slice(offset, BLOCK).select(pl.concat_str(*pieces, pl.lit(end)))
        yield "\n".join(block.to_series()) + "\n"


def _ids(start: str, names: list[str], ids: int) -> list[pl.Expr]:
    import polars as pl

    wanted = [names[0]] * start.count("{0}") + ([names[1]] if ids > 1 else [])
    return [_text(name, pl.String()) for name in wanted]


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    """A column as XML text."""
    import polars as pl

    column = pl.col(name)
    if kind == pl.Boolean:
        return pl.when(column).then(pl.lit("true")).when(column.not_()).then(pl.lit("false"))
    if kind != pl.String:
        return column.cast(pl.String)
    for raw, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        column = column.str.replace_all(raw, entity, literal=True)
    return column
