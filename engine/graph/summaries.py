"""Tables people look at: communities, and who is influential network-wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.trust.suppress import protect

if TYPE_CHECKING:
    import polars as pl

    from engine.trust.noise import Noise


def community_table(nodes: pl.DataFrame, handsets: pl.DataFrame | None = None, *, smallest: int = 1) -> pl.DataFrame:
    """The communities of table `nodes`, largest first.

    Args:
        nodes: table `nodes`.
        handsets: table `handsets`, for the manufacturers; None = without.
        smallest: communities with fewer members are left out.

    Returns:
        community, size, leader (party_id of the highest PageRank, ties to the smallest id), leader_pagerank,
        manufacturer (most frequent among members with a handset, ties in alphabetical order), manufacturer_share,
        mix (text such as "Samsung 52 %, Apple 31 %", up to four).
    """
    import polars as pl

    members = nodes.filter(pl.col("community").is_not_null())
    table = (
        members.sort("party_id")
        .sort("pagerank", descending=True, nulls_last=True, maintain_order=True)
        .group_by("community", maintain_order=True)
        .agg(
            size=pl.len().cast(pl.Int64), leader=pl.col("party_id").first(), leader_pagerank=pl.col("pagerank").first()
        )
        .filter(pl.col("size") >= smallest)
    )
    mix = _mix(members, handsets)
    return table.join(mix, on="community", how="left").sort(["size", "community"], descending=[True, False])


def community_sizes(nodes: pl.DataFrame, noise: Noise, *, smallest: int = 1) -> pl.DataFrame:
    """What anybody may read of the communities: their sizes, the largest first, none that tells of fewer than k people.

    How many people the communities have together is told elsewhere, so a single size left out could be worked out:
    another one is left out with it.

    Args:
        nodes: table `nodes`.
        noise: that moves the sizes; its k is the smallest number of people that may be shown.
        smallest: communities with fewer members are left out.

    Returns:
        community (its place), size.
    """
    import polars as pl

    sizes = dict(community_table(nodes, smallest=1).select("community", "size").iter_rows())
    few = [c for c, size in sizes.items() if not noise.shows(f"community|{c}", size)]
    hidden = protect({**sizes, "all": sum(sizes.values())}, [("all", tuple(sizes))], noise.k, also=few)
    shown = [noise.count(f"community|{c}", size) for c, size in sizes.items() if c not in hidden]
    found = sorted((size for size in shown if size >= smallest), reverse=True)
    kinds = {"community": pl.Int64, "size": pl.Int64}
    return pl.DataFrame({"community": range(1, len(found) + 1), "size": found}, schema=kinds)


def network_top(
    nodes: pl.DataFrame, influencers: pl.DataFrame, *, definition: str = "tie_reach", top: int = 20
) -> pl.DataFrame:
    """The most influential parties of the whole network.

    Args:
        nodes: table `nodes`.
        influencers: table `influencers`.
        definition: whose ranks count.
        top: how many parties.

    Returns:
        party_id, customers (whose top contact it is), reach (their summed tie share: what it is to them in customers),
        share (of all customers with a top contact), centrality_pct, pagerank, degree, coreness, collective_influence,
        community; by customers, then reach, then the smallest id.
    """
    import polars as pl

    first = influencers.filter((pl.col("definition") == definition) & (pl.col("rank") == 1))
    counts = first.group_by(party_id="contact_id").agg(
        customers=pl.len().cast(pl.Int64), reach=pl.col("tie_share").sort_by("customer_id").sum()
    )
    columns = ["centrality_pct", "pagerank", "degree", "coreness", "collective_influence", "community"]
    return (
        counts.with_columns(share=pl.col("customers") / max(first.height, 1))
        .sort(["customers", "reach", "party_id"], descending=[True, True, False])
        .head(top)
        .join(nodes.select("party_id", *columns), on="party_id", how="left", maintain_order="left")
    )


def _mix(members: pl.DataFrame, handsets: pl.DataFrame | None) -> pl.DataFrame:
    """community, manufacturer, manufacturer_share, mix from everybody's last handset."""
    import polars as pl

    if handsets is None:
        return members.select("community").head(0)
    last = handsets.sort("spell").group_by("customer_id").agg(pl.col("manufacturer").last())
    counts = (
        members.join(last, left_on="party_id", right_on="customer_id")
        .group_by("community", "manufacturer")
        .len("n")
        .with_columns(part=pl.col("n") / pl.col("n").sum().over("community"))
        .sort(["community", "n", "manufacturer"], descending=[False, True, False])
    )
    percent = (100 * pl.col("part")).round(0).cast(pl.Int64).cast(pl.String)
    return counts.group_by("community", maintain_order=True).agg(
        pl.col("manufacturer").first(),
        pl.col("part").first().alias("manufacturer_share"),
        (pl.col("manufacturer") + " " + percent + " %").head(4).str.join(", ").alias("mix"),
    )
