"""Uplift learners judged on any table of an experiment: one row per person, no call records needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.forms.truths import truth
from engine.learning.bases import BASES
from engine.offers import learners, policy_value, training

if TYPE_CHECKING:
    import polars as pl


def prepare(
    data: pl.DataFrame, *, treatment: str, control: str, outcome: str, exclude: Sequence[str] = ()
) -> pl.DataFrame:
    """Check a plain table and give it the columns training reads.

    Args:
        data: one row per person.
        treatment: column that says what each person got.
        control: its value for nothing.
        outcome: column of 0 and 1 (or true and false).
        exclude: columns that are neither features nor anything else.

    Returns:
        customer_id (the row's number), offer_id (null = control), outcome (0 or 1) and the features, in the table's
        order; rows without treatment or outcome are left out.

    Raises:
        InputError: a column is missing, the outcome is not 0 and 1, nobody or everybody is a control.
    """
    import polars as pl

    for role, name in (("treatment", treatment), ("outcome", outcome), *(("excluded", name) for name in exclude)):
        if name not in data.columns:
            raise InputError(
                f"there is no {role} column {name!r}; the columns are {', '.join(data.columns)}.",
                fix=f"Give one of them with --{'exclude' if role == 'excluded' else role}.",
            )
    if treatment == outcome:
        raise InputError("treatment and outcome are the same column.", column=outcome, fix="Give two columns.")
    given = pl.col(treatment).cast(pl.String)
    table = (
        data.with_row_index("_row")
        .filter(pl.col(treatment).is_not_null() & pl.col(outcome).is_not_null())
        .with_columns(_offer=pl.when(given != control).then(given), _outcome=_binary(data, outcome))
        .with_columns(pl.col("_row").cast(pl.String).str.zfill(12))
    )
    if table["_outcome"].null_count():
        bad = table.filter(pl.col("_outcome").is_null()).row(0, named=True)
        raise InputError(
            f"{bad[outcome]!r} is neither 0 nor 1.",
            row=int(bad["_row"]) + 1,
            column=outcome,
            fix="Give a column of yes and no as 1 and 0: uplift learners here are for binary outcomes.",
        )
    values = data[treatment].cast(pl.String).drop_nulls().unique().sort().to_list()
    if control not in values:
        raise InputError(
            f"no row has the control {control!r}; the values are {', '.join(values[:10])}.",
            column=treatment,
            fix="Give one of them with --control.",
        )
    if len(values) < 2:
        raise InputError("every row is a control.", column=treatment, fix="A comparison needs treated rows too.")
    if len(values) > 50:
        raise InputError(
            f"{len(values)} different values are too many treatments.",
            column=treatment,
            fix="Check that this is the column of treatments.",
        )
    table = table.drop(treatment, outcome, *exclude)
    clash = [c for c in ("customer_id", "offer_id", "outcome") if c in table.columns]
    return table.rename({c: f"{c}_" for c in clash}).rename(
        {"_row": "customer_id", "_offer": "offer_id", "_outcome": "outcome"}
    )


def evaluate(
    data: pl.DataFrame, *, treatment: str, control: str, outcome: str, exclude: Sequence[str] = (),
    test_share: float = 0.3, seed: int = 42, learner_names: Sequence[str] = tuple(learners.LEARNERS),
    bases: Sequence[str] = BASES, bootstrap: int = 200,
) -> pl.DataFrame:  # fmt: skip
    """Judge uplift learners on an experiment: each treatment against the control, the other treatments dropped.

    Args:
        data: one row per person, in an order that the split depends on.
        treatment, control, outcome, exclude: see `prepare`.
        test_share: share held out.
        seed: of the split, the learners and the bootstrap.
        learner_names: of `engine.offers.learners.LEARNERS`.
        bases: of `engine.learning.bases.BASES`.
        bootstrap: samples behind each interval.

    Returns:
        offer_id, learner, base, metric (with its definition's name), value, low, high (95 %), chosen (by
        cross-validated Qini). Where the chosen learner does not beat random, a row says so in words and has no value.

    Raises:
        InputError: see `prepare`.
        ConfigError: no such learner or base.
    """
    import polars as pl

    table = prepare(data, treatment=treatment, control=control, outcome=outcome, exclude=exclude)
    plan = training.Plan(
        learners=tuple(learner_names), bases=tuple(bases), test_share=test_share, bootstrap=bootstrap, seed=seed,
        thorough=True,
    )  # fmt: skip
    trained = [training.train(against(table, offer), offer, plan) for offer in offers_of(table)]
    rows = [row for one in trained for row in one.metrics]
    kinds = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=kinds)


def policies(
    data: pl.DataFrame, *, treatment: str, control: str, outcome: str, value: Mapping[str, float],
    cost: Mapping[str, float], exclude: Sequence[str] = (), test_share: float = 0.5, seed: int = 42,
    learner_names: Sequence[str] = ("t",), bases: Sequence[str] = BASES,
) -> pl.DataFrame:  # fmt: skip
    """What personalising would be worth on an experiment, against the simple policies (`engine.offers.policy_value`).

    Args:
        data, treatment, control, outcome, exclude, seed, learner_names, bases: see `evaluate`.
        value: treatment -> worth of one positive outcome, of every treatment.
        cost: treatment -> cost of giving it to one person; 0 where none is said.
        test_share: share of the people on whom the policies are valued.

    Returns:
        Rows as of `evaluate`, offer_id '(policy)'.

    Raises:
        InputError: see `prepare`; or a value is missing, negative or no number, or of no treatment.
    """
    import polars as pl

    table = prepare(data, treatment=treatment, control=control, outcome=outcome, exclude=exclude)
    names = offers_of(table)
    cost = dict.fromkeys(names, 0.0) | dict(cost)
    for what, told in (("value", value), ("cost", cost)):
        odd = [*(name for name in names if name not in told), *(name for name in told if name not in names)]
        odd += [name for name in told if not 0 <= told[name] < float("inf")]
        if odd:
            raise InputError(f"the {what} of {odd[0]!r} is missing, negative, or of no treatment.",
                             fix=f"Give 0 or more for each of {', '.join(names)}.")  # fmt: skip
    plan = training.Plan(tuple(learner_names), tuple(bases), test_share=test_share, bootstrap=20, seed=seed)
    held = training.hold_out(table, names, plan)
    models = {o: t.judged for o in names if (t := training.train(against(table, o), o, plan, held)).judged}
    rows = policy_value.compare(table, models, value, cost, held, seed=seed)
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64, "low": pl.Float64, "high": pl.Float64})


def offers_of(table: pl.DataFrame) -> list[str]:
    """The treatments of a prepared table, sorted."""
    return table["offer_id"].drop_nulls().unique().sort().to_list()


def against(table: pl.DataFrame, offer_id: str) -> pl.DataFrame:
    """The rows of one treatment and of the control, with a column treatment (1 or 0)."""
    import polars as pl

    kept = table.filter(pl.col("offer_id").is_null() | (pl.col("offer_id") == offer_id))
    return kept.with_columns(treatment=pl.col("offer_id").is_not_null().cast(pl.Int64))


def _binary(data: pl.DataFrame, outcome: str) -> pl.Expr:
    """0 or 1; null for anything else."""
    import polars as pl

    if data[outcome].dtype == pl.String:
        return truth(pl.col(outcome).str.strip_chars().str.to_lowercase()).cast(pl.Int64)
    value = pl.col(outcome).cast(pl.Float64)
    return pl.when(value.is_in([0.0, 1.0])).then(value).cast(pl.Int64)
