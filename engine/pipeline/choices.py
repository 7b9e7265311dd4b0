"""Stage `choices`: what each offer would change for each customer, and which one, if any, is worth making."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.handsets import spells
from engine.offers import drivers, features, history, models, policy, policy_value, support, training
from engine.pipeline import edges, influencers, learned
from engine.tables import empty
from engine.trust import ages

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from engine.pipeline import Context

SCORED = 10_000  # customers worth a task on another machine
UNTRAINED = 5  # offers without a model named in a note
FEWEST = 20  # customers in past campaigns below which nobody is held out


@dataclass(frozen=True)
class Past:
    """Past campaigns, ready to train on.

    Args:
        rows: see `history.campaign_dates`.
        known: features of their customers, as of the day each campaign began.
        held: customer_id of those held out for all offers alike; None = too few to split.
    """

    rows: pl.DataFrame
    known: pl.DataFrame
    held: np.ndarray | None


def run(context: Context) -> None:
    """Write `features`, `uplift`, `offer_metrics` and `choices` (METHODS section 5)."""
    import polars as pl

    store = context.warehouse
    offers = store.read("offers")
    policy.check_offers(offers)
    did = acts(context)
    past = read_past(context, offers, did)
    now = score_features(context, offers, did)
    trained = train_all(context, past, offers, plan(context))
    people = whom(context)
    _say_ages(context, people)
    _say_models(context, {t.offer_id: t.reason for t in trained if t.model is None})
    people = now.select("customer_id", "manufacturer").join(people, on="customer_id", maintain_order="left")
    with context.progress.task("choices"):
        known = {t.offer_id: t for t in trained if t.model is not None}
        lift = scores(context, now, known)
        choices = policy.choose(
            people,
            lift,
            offers,
            _limits(context),
            missing={t.offer_id: t.reason for t in trained if t.model is None},
            supported={o: support.supported(now, t.gaps) for o, t in known.items()},
            last=_last(context, people),
        )
        choices = explained(choices, now, known)
    table = pl.concat([now, past.known], how="diagonal_relaxed").unique(["customer_id", "as_of"], keep="first")
    store.write("features", table.sort("customer_id", "as_of"))
    store.write("uplift", uplift_table(now, {o: (lift[o], t.fitted.model_id) for o, t in known.items()}))
    metrics = [row for t in trained for row in t.metrics] + policies(context, past, offers, trained)
    store.write("offer_metrics", metric_table(metrics))
    store.write("choices", choices.sort("customer_id"))


def _limits(context: Context) -> policy.Limits:
    """What the settings say that the choice must keep to."""
    settings = context.config.offers
    return policy.Limits(context.today, settings.budget, settings.to_owners, settings.keep_unless)


def _last(context: Context, people: pl.DataFrame) -> pl.Series | None:
    """The offer that each of these people has had since the last run; None where that counts for nothing."""
    if not context.config.offers.keep_unless:
        return None
    before = context.warehouse.read("choices", ["customer_id", "offer_id"])
    return people.select("customer_id").join(before, on="customer_id", how="left", maintain_order="left")["offer_id"]


def whom(context: Context) -> pl.DataFrame:
    """Every customer who has not opted out: customer_id, age, and barred, why they may get no offer."""
    people = _everybody(context)
    return people.join(policy.barred(people), on="customer_id", maintain_order="left").drop("adult", "offers")


def _everybody(context: Context) -> pl.DataFrame:
    """Rows of sql/offers/people.sql."""
    rules = context.rules
    return context.warehouse.query(
        "offers/people", unknown_is_adult=rules.unknown_is_adult, unknown_offers=rules.unknown_offers
    )


def _say_ages(context: Context, people: pl.DataFrame) -> None:
    """How many get nothing because nobody knows how old they are."""
    unknown = people.filter(people["age"].is_null()).height
    if unknown and not context.rules.unknown_is_adult:
        context.say(
            f"{unknown:,} of {people.height:,} customers have no age on record and count as minors: no offer, no face. "
            "Import ages or birth dates, or set people.unknown_age_is_adult = true."
        )


def _say_models(context: Context, missing: dict[str, str]) -> None:
    """Which offers nobody gets because nothing tells whom they persuade."""
    if missing:
        whys = "; ".join(f"{offer} ({why})" for offer, why in list(missing.items())[:UNTRAINED])
        more = f"; and {len(missing) - UNTRAINED:,} more" if len(missing) > UNTRAINED else ""
        context.say(
            f"no model, so nobody gets: {whys}{more}. Import more past treatments, offered and held back, "
            "or lower offers.min_rows_per_arm."
        )


def acts(context: Context) -> pl.DataFrame | None:
    """What people did on any day, where the definition of influence asks for it; None = it does not.

    Leaves the temporary tables `handset_days` and, with acts, `spells`: once for all days whose features are wanted.
    """
    store, config = context.warehouse, context.config
    if config.graph.definition in learned.ASKED:
        return learned.acts(store, replace(config, graph=replace(config.graph, as_of="")))
    store.temp("handset_days", "offers/handset_days")
    return None


def read_past(context: Context, offers: pl.DataFrame, did: pl.DataFrame | None) -> Past:
    """The past campaigns with the features of their days; did: what `acts` gave."""
    import polars as pl

    gone = context.warehouse.query("offers/gone")
    # What Kindred handed out itself was offered to those whom it persuades most: against nobody who was drawn.
    treatments = (
        context.warehouse.read("treatments")
        .filter(pl.col("face_arm").is_null())
        .drop(pl.selectors.starts_with("face_"))
    )
    # A campaign's days are the workspace's, as those of its call records are.
    local = treatments.with_columns(context.warehouse.clock.shown(treatments["sent_at"]))
    rows = history.campaign_dates(local).join(gone, on="customer_id", how="anti")
    days = rows["as_of"].unique().sort().to_list()
    known = [features_on(context, day, rows.filter(pl.col("as_of") == day), offers, did) for day in days]
    held = None
    if rows["customer_id"].n_unique() >= FEWEST:
        outcomes = rows.with_columns(pl.col("accepted").fill_null(False).cast(pl.Int64).alias("outcome"))
        held = training.hold_out(outcomes, offers["offer_id"].to_list(), plan(context))
    return Past(rows, pl.concat(known, how="diagonal_relaxed") if known else empty("features"), held)


def score_features(context: Context, offers: pl.DataFrame, did: pl.DataFrame | None) -> pl.DataFrame:
    """Features of all who have not opted out, on the day after the last event (today where there are no events).

    Args:
        context: of the stage.
        offers: table `offers`.
        did: what `acts` gave.
    """
    store = context.warehouse
    day = edges.as_of(store, context.config.graph) or context.today
    return features_on(context, day, _everybody(context), offers, did)


def train_all(context: Context, past: Past, offers: pl.DataFrame, wanted: training.Plan) -> list[training.Trained]:
    """Every offer's model, in order of offer_id."""
    found = []
    with context.progress.task("offers", offers.height) as bar:
        for offer in offers.iter_rows(named=True):
            rows = training_rows(context, past, offer)
            if rows.height:
                found.append(training.train(rows, offer["offer_id"], wanted, past.held))
            else:
                why = "it was in no past campaign" if past.rows.height else "there are no past campaigns"
                found.append(training.without_model(offer["offer_id"], why))
            bar.advance()
    return found


def training_rows(context: Context, past: Past, offer: dict[str, Any]) -> pl.DataFrame:
    """One offer's rows with their features; offer: a row of table `offers`."""
    rows = history.training_rows(
        past.rows,
        offer["offer_id"],
        offer["manufacturer"],
        context.warehouse.read("handsets"),
        outcome_days=context.config.offers.outcome_days,
    )
    return rows.join(past.known, on=["customer_id", "as_of"], how="left", maintain_order="left")


def policies(
    context: Context, past: Past, offers: pl.DataFrame, trained: list[training.Trained]
) -> list[dict[str, object]]:
    """Metric rows that compare policies on the held-out customers (see `engine.offers.policy_value`)."""
    judged = {t.offer_id: t.judged for t in trained if t.judged is not None}
    rows = history.with_outcome(past.rows)
    if not judged or past.held is None or not rows.height:
        return []
    rows = rows.join(past.known, on=["customer_id", "as_of"], how="left", maintain_order="left")
    value, cost = (dict(offers.select("offer_id", column).rows()) for column in ("value", "cost"))
    return policy_value.compare(rows, judged, value, cost, past.held, seed=context.config.run.seed)


def scores(context: Context, now: pl.DataFrame, known: dict[str, training.Trained]) -> dict[str, np.ndarray]:
    """Uplift of each row of features `now` by each model of `known`, computed wherever the warehouse does."""
    import polars as pl

    if not known:
        return {}
    parts = context.warehouse.map_rows(
        now.drop("customer_id"),
        partial(models.scored, contents=[t.fitted.to_bytes() for t in known.values()]),
        size=SCORED,
        name="scores",
        threads=context.config.run.threads,
        progress=context.progress,
    )
    found = pl.concat([pl.DataFrame(schema=dict.fromkeys(known, pl.Float64)), *parts])
    return {offer: found[offer].to_numpy() for offer in known}


def explained(choices: pl.DataFrame, now: pl.DataFrame, known: dict[str, training.Trained]) -> pl.DataFrame:
    """Rows of table `choices`, the reason of each offer made followed by what drives it for this customer."""
    import polars as pl

    parts = []
    for offer, trained in known.items():
        mine = now.join(choices.filter(pl.col("offer_id") == offer).select("customer_id"), on="customer_id", how="semi")
        usual = drivers.typical(now, trained.drivers)
        why = drivers.reasons(trained.fitted, mine, usual, trained.drivers)
        text = pl.lit("; no customer gains more by it than another") if trained.fitted.slope == 0 else pl.lit("")
        said = pl.when(pl.col("why") != "").then(pl.format("; mostly: {}", "why")).otherwise(text)
        parts.append(mine.select("customer_id").with_columns(why.alias("why")).select("customer_id", said.alias("why")))
    if not parts:
        return choices.drop("uplift")
    whys = pl.concat(parts)
    return (
        choices.join(whys, on="customer_id", how="left", maintain_order="left")
        .with_columns(pl.concat_str("reason", pl.col("why").fill_null("")).alias("reason"))
        .drop("why", "uplift")
    )


def uplift_table(now: pl.DataFrame, scores: dict[str, tuple[np.ndarray, str]]) -> pl.DataFrame:
    """Table `uplift` from offer_id -> (uplift of each row of `now`, model_id)."""
    import polars as pl

    parts = [
        now.select("customer_id").with_columns(
            pl.lit(offer).alias("offer_id"),
            pl.Series("uplift", lift, dtype=pl.Float64),
            pl.lit(model).alias("model_id"),
        )
        for offer, (lift, model) in scores.items()
    ]
    return pl.concat(parts).sort("customer_id", "offer_id") if parts else empty("uplift")


def metric_table(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Table `offer_metrics` from rows."""
    import polars as pl

    kinds = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None) if rows else empty("offer_metrics")


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


def features_on(
    context: Context, as_of: date, people: pl.DataFrame, offers: pl.DataFrame, did: pl.DataFrame | None
) -> pl.DataFrame:
    """Rows of table `features` on one day, from nothing that happened on it or after.

    Args:
        context: of the stage.
        as_of: the day.
        people: customer_id of whom to describe.
        offers: table `offers`, whose manufacturers are counted among the contacts.
        did: what `acts` gave.
    """
    import polars as pl

    store, config = context.warehouse, context.config
    had = store.query("offers/spells", **spells.rules(config, as_of))
    graph, top, ties = _graph_on(context, as_of, did)
    devices, parties = store.read("devices"), store.read("parties")
    handset = features.handset_features(had, devices, as_of)
    makers = offers["manufacturer"].drop_nulls().unique().sort().to_list()
    contacts = features.contact_features(ties, parties, handset.select("customer_id", "manufacturer"), makers)
    acted = store.query("graph/acted")
    if acted.height:  # what nobody told of is no feature
        days = (as_of - timedelta(days=config.graph.act_window_days), as_of)
        lately = acted.filter(pl.col("day").is_between(*days, closed="left"))
        exposure = features.exposure_features(ties, parties, lately)
        contacts = contacts.join(exposure, on="customer_id", how="full", coalesce=True)
    return features.assemble(
        people,
        as_of,
        customers=ages.aged(store, as_of),
        handset=handset,
        usage=store.query(
            "offers/usage",
            since=store.clock.start(as_of - timedelta(days=config.graph.window_days)),
            until=store.clock.start(as_of),
            as_of=as_of,
        ),
        graph=graph,
        contacts=contacts,
        influencer=features.influencer_features(top, had, as_of),
    )


def _graph_on(
    context: Context, as_of: date, did: pl.DataFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The graph on a day: customers' centralities, their influencers (customer_id, contact_id), and the ties."""
    import polars as pl

    from engine.graph.centrality import coreness
    from engine.graph.network import ranks

    config = replace(context.config, graph=replace(context.config.graph, as_of=as_of.isoformat(), top=1))
    did = None if did is None else learned.before(did, config)
    found = None if did is None else learned.learn(context.warehouse, config, did)
    with context.warehouse.overlay() as overlay:
        edges.build(overlay, config.graph)
        graph = influencers.network(overlay)
        _, centrality = ranks(graph, damping=config.graph.damping)
        top = influencers.influencers(overlay, config, [config.graph.definition], graph, centrality, found, did=did)
        ties = overlay.query("graph/counted_ties")
    known = pl.DataFrame(
        {
            "customer_id": graph.party_id,
            "degree": graph.contacts.degree,
            "in_strength": graph.out.column_sums(),
            "out_strength": graph.out.row_sums(),
            "coreness": coreness(graph.contacts),
            "centrality_pct": pl.Series(centrality, nan_to_null=True),
        }
    )
    return known, top.select("customer_id", "contact_id"), ties


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
