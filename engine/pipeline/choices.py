"""Stage `choices`: what each offer would change for each customer, and which one, if any, is worth making."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from engine.offers import features, history, policy, training
from engine.pipeline import edges
from engine.tables import check, empty
from engine.trust import consent
from engine.warehouse.duckdb import quote

if TYPE_CHECKING:
    import polars as pl

    from engine.pipeline import Context
    from engine.warehouse.duckdb import DuckDBWarehouse


def run(context: Context) -> None:
    """Write `features`, `uplift`, `offer_metrics` and `choices` (METHODS section 5)."""
    import polars as pl

    store = context.warehouse
    people = store.query("offers/people")
    agreed = None
    if store.count("consents"):
        agreed = consent.allowed(store.read("consents"), consent.OFFERS, context.today)
    people = people.join(policy.barred(people, agreed), on="customer_id", maintain_order="left")
    offers = store.read("offers")
    past = history.campaign_dates(store.read("treatments"))
    store.temp("handset_days", "offers/handset_days")
    scoring = edges.as_of(store, context.config.graph) or context.today
    known = _past_features(context, past, offers)
    now = features_on(context, scoring, people.select("customer_id"), offers)
    with context.progress.task("offers", offers.height) as bar:
        trained = []
        for offer in offers.iter_rows(named=True):
            trained.append(train(context, past, offer, known))
            bar.advance()
    scored = [
        now.select("customer_id").with_columns(
            pl.lit(t.offer_id).alias("offer_id"),
            pl.Series("uplift", t.model.predict(now), dtype=pl.Float64),
            pl.lit(t.model.model_id).alias("model_id"),
        )
        for t in trained
        if t.model is not None and now.height
    ]
    uplift = pl.concat(scored).sort("customer_id", "offer_id") if scored else empty("uplift")
    missing = {t.offer_id: t.reason for t in trained if t.model is None}
    table = pl.concat([now, *known], how="diagonal_relaxed").unique(["customer_id", "as_of"], keep="first")
    store.write("features", table.sort("customer_id", "as_of"))
    store.write("uplift", uplift)
    metrics = [row for t in trained for row in t.metrics]
    store.write("offer_metrics", pl.DataFrame(metrics, infer_schema_length=None) if metrics else empty("offer_metrics"))
    store.write("choices", policy.choose(people, uplift, offers, today=context.today, missing=missing))


def plan(context: Context) -> training.Plan:
    """The settings of `[offers]` as a plan for training."""
    settings = context.config.offers
    return training.Plan(
        learners=_names(settings.learners),
        bases=_names(settings.bases),
        test_share=settings.test_share,
        min_rows_per_arm=settings.min_rows_per_arm,
        folds=settings.folds,
        bootstrap=settings.bootstrap,
        level=settings.level,
        seed=context.config.run.seed,
    )


def train(context: Context, past: pl.DataFrame, offer: dict[str, Any], known: list[pl.DataFrame]) -> training.Trained:
    """Train one offer on the past campaigns.

    Args:
        context: of the stage.
        past: see `history.campaign_dates`.
        offer: a row of table `offers`.
        known: features per campaign day.
    """
    import polars as pl

    rows = history.training_rows(
        past,
        offer["offer_id"],
        offer["manufacturer"],
        context.warehouse.read("handsets"),
        outcome_days=context.config.offers.outcome_days,
    )
    if not rows.height:
        why = "it was in no past campaign" if past.height else "there are no past campaigns"
        return training.without_model(offer["offer_id"], why)
    described = pl.concat(known, how="diagonal_relaxed")
    rows = rows.join(described, on=["customer_id", "as_of"], how="left", maintain_order="left")
    return training.train(rows.drop("campaign_id"), offer["offer_id"], plan(context))


def _past_features(context: Context, past: pl.DataFrame, offers: pl.DataFrame) -> list[pl.DataFrame]:
    """Features of each campaign's customers as of the day it began, one frame per such day."""
    import polars as pl

    days = past["as_of"].unique().sort().to_list()
    return [features_on(context, day, past.filter(pl.col("as_of") == day), offers) for day in days]


def features_on(context: Context, as_of: date, people: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Rows of table `features` on one day, from nothing that happened on it or after.

    Args:
        context: of the stage; the temporary table `handset_days` exists.
        as_of: the day.
        people: customer_id of whom to describe.
        offers: table `offers`, whose manufacturers are counted among the contacts.
    """

    store, config = context.warehouse, context.config
    spells = store.query(
        "offers/spells",
        before=as_of,
        change_days=config.offers.change_days,
        change_events=config.offers.change_events,
    )
    graph, top, ties = _graph_on(context, as_of)
    devices, parties = store.read("devices"), store.read("parties")
    handset = features.handset_features(spells, devices, as_of)
    makers = offers["manufacturer"].drop_nulls().unique().sort().to_list()
    return features.assemble(
        people,
        as_of,
        customers=store.read("customers"),
        handset=handset,
        usage=store.query("offers/usage", since=as_of - timedelta(days=config.graph.window_days), as_of=as_of),
        graph=graph,
        contacts=features.contact_features(ties, parties, handset.select("customer_id", "manufacturer"), makers),
        influencer=features.influencer_features(top, spells, as_of),
    )


def _graph_on(context: Context, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The graph on a day: customers' centralities, their influencers (customer_id, contact_id), and the ties."""
    import numpy as np
    import polars as pl

    from engine.graph.centrality import coreness
    from engine.graph.influence import top_contacts
    from engine.graph.network import build, ranks

    store, config = context.warehouse, context.config.graph
    with _Shadow(store) as shadow:
        edges.build(shadow, replace(config, as_of=as_of.isoformat()))
    network = build(*(shadow.frames[t] for t in ("edges", "hubs", "ties")), store.read("parties"))
    _, centrality = ranks(network, damping=config.damping)
    graph = pl.DataFrame(
        {
            "customer_id": network.party_id,
            "degree": network.contacts.degree,
            "in_strength": np.bincount(network.dst, weights=network.strength, minlength=network.n),
            "out_strength": np.bincount(network.src, weights=network.strength, minlength=network.n),
            "coreness": coreness(network.contacts),
            "centrality_pct": pl.Series(centrality, nan_to_null=True),
        }
    )
    top = top_contacts(config.definition, network, centrality, top=1, gamma=config.gamma)
    return graph, top.select("customer_id", "contact_id"), shadow.frames["ties"]


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


class _Shadow:
    """The warehouse, but the tables the graph's stage writes become temporary ones in front of the stored: the graph of
    another day. Leaving the `with` takes them away; `frames` keeps what was written.
    """

    def __init__(self, store: DuckDBWarehouse) -> None:
        self.store = store
        self.frames: dict[str, pl.DataFrame] = {}

    def __enter__(self) -> _Shadow:
        return self

    def __exit__(self, *_: object) -> None:
        for table in self.frames:
            self.store.execute_text(f"DROP TABLE IF EXISTS temp.{quote(table)}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def create(self, table: str, statement: str, /, **params: Any) -> int:
        """See `Warehouse.create`."""
        self.store.temp(table, statement, **params)
        self.frames[table] = check(self.store.read(table), table)
        return self.frames[table].height

    def write(self, table: str, frame: pl.DataFrame, /) -> int:
        """See `Warehouse.write`."""
        self.frames[table] = check(frame, table)
        return frame.height
