"""Uplift learners by name: scikit-uplift's over two bases, and an X- and a DR-learner (METHODS section 5).

Each is trained on one offer against no offer. What training gives is turned into plain arrays at once
(`engine.learning.portable`), so that what is judged, stored and used for scoring is one and the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError
from engine.learning import portable
from engine.learning.bases import classifier, regressor, steady

if TYPE_CHECKING:
    import numpy as np

LEARNERS = {
    "s": "one model, the treatment a column of it (Lo 2002)",
    "s_interaction": "one model with the treatment's product with every column (Lo 2002)",
    "t": "two models, treated and control",
    "t_ddr_control": "two models, the control's prediction a column of the treated's (Betlei et al. 2018)",
    "t_ddr_treatment": "two models, the treated's prediction a column of the control's (Betlei et al. 2018)",
    "class_transformation": "one model of 'outcome equals treatment' (Jaskowski and Jaroszewicz 2012)",
    "transformed_outcome": "regression of the outcome weighted by treatment (Athey and Imbens 2015)",
    "x": "two models, then regressions of the effects they impute (Künzel et al. 2019)",
    "dr": "regression of cross-fitted doubly robust scores (Kennedy 2023)",
}


@dataclass(frozen=True)
class Fitted:
    """A trained uplift learner.

    Args:
        learner: a name of `LEARNERS`.
        parts: the base models it is made of, in the order `predict` names.
        share: share of the rows that were treated.
    """

    learner: str
    parts: tuple[portable.Part, ...]
    share: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Change in the probability of accepting for encoded rows x [rows, columns], in [-1, 1]."""
        import numpy as np

        p = [part.predict for part in self.parts]
        with_column, n = np.column_stack, len(x)
        if self.learner == "s":
            found = p[0](with_column((x, np.ones(n)))) - p[0](with_column((x, np.zeros(n))))
        elif self.learner == "s_interaction":
            found = p[0](with_column((x, x, np.ones(n)))) - p[0](with_column((x, 0 * x, np.zeros(n))))
        elif self.learner == "t":
            found = p[0](x) - p[1](x)
        elif self.learner == "t_ddr_control":
            control = p[1](x)
            found = p[0](with_column((x, control))) - control
        elif self.learner == "t_ddr_treatment":
            treated = p[0](x)
            found = treated - p[1](with_column((x, treated)))
        elif self.learner == "class_transformation":
            found = 2 * p[0](x) - 1
        elif self.learner == "x":
            found = (1 - self.share) * p[0](x) + self.share * p[1](x)
        else:
            found = p[0](x)
        return np.clip(found, -1.0, 1.0)


def fit(
    learner: str, base: str, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, *, seed: int,
    outcomes: Fitted | None = None,
) -> Fitted:  # fmt: skip
    """Train one uplift learner.

    Args:
        learner: a name of `LEARNERS`.
        base: `logistic` or `boosting` (histogram gradient boosting); regressions use ridge or boosting likewise.
        x: encoded features, float [rows, columns].
        treatment: 1 = offered, 0 = not [rows].
        outcome: 1 = accepted, 0 = not [rows].
        seed: of the base learner.
        outcomes: learner `t` on the same base and rows, whose two models x begins with; None = x fits its own.

    Raises:
        ConfigError: no such learner or base.
    """
    if learner not in LEARNERS:
        raise ConfigError(f"There is no learner {learner!r}.", fix=f"The learners are {', '.join(LEARNERS)}.")
    with steady(x.size):
        if learner == "x":
            outcomes = outcomes or _fit("t", base, x, treatment, outcome, seed)
            parts = _x_learner(base, x, treatment, outcome, seed, outcomes)
            return Fitted(learner, tuple(portable.of(part) for part in parts), outcomes.share)
        return _fit(learner, base, x, treatment, outcome, seed)


def _fit(learner: str, base: str, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, seed: int) -> Fitted:
    import numpy as np
    from sklift.models import ClassTransformation, ClassTransformationReg, SoloModel, TwoModels

    share = float(treatment.mean())
    if learner in ("s", "s_interaction"):
        method = "dummy" if learner == "s" else "treatment_interaction"
        parts = [SoloModel(classifier(base, seed), method=method).fit(x, outcome, treatment).estimator]
    elif learner.startswith("t_") or learner == "t":
        method = learner.removeprefix("t_") if learner != "t" else "vanilla"
        model = TwoModels(classifier(base, seed), classifier(base, seed), method=method).fit(x, outcome, treatment)
        parts = [model.estimator_trmnt, model.estimator_ctrl]
    elif learner == "class_transformation":
        # 2p - 1 is the uplift only where both arms weigh the same.
        weight = np.where(treatment == 1, 0.5 / share, 0.5 / (1 - share))
        model = ClassTransformation(classifier(base, seed))
        parts = [model.fit(x, outcome, treatment, {"sample_weight": weight}).estimator]
    elif learner == "transformed_outcome":
        model = ClassTransformationReg(regressor(base, seed), propensity_val=share)
        parts = [model.fit(x, outcome, treatment).estimator]
    else:
        parts = [_dr_learner(base, x, treatment, outcome, share, seed)]
    return Fitted(learner, tuple(portable.of(part) for part in parts), share)


def _x_learner(
    base: str, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, seed: int, outcomes: Fitted
) -> list[Any]:
    """Regressions of the imputed effects among the treated and among the controls."""
    t, c = treatment == 1, treatment == 0
    treated, control = outcomes.parts
    gained = outcome[t] - control.predict(x[t])
    missed = treated.predict(x[c]) - outcome[c]
    return [regressor(base, seed).fit(x[t], gained), regressor(base, seed).fit(x[c], missed)]


def _dr_learner(base: str, x: np.ndarray, treatment: np.ndarray, outcome: np.ndarray, share: float, seed: int) -> Any:
    """Regression of doubly robust scores whose outcome models never saw the row they are used on.

    Those are logistic on any base: with the share of the treated known the scores are unbiased whatever they say.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    score = np.zeros(len(x))
    for fitted, used in StratifiedKFold(2, shuffle=True, random_state=seed).split(x, 2 * treatment + outcome):
        arm = {
            a: classifier("logistic", seed)
            .fit(x[fitted][treatment[fitted] == a], outcome[fitted][treatment[fitted] == a])
            .predict_proba(x[used])[:, 1]
            for a in (0, 1)
        }
        t, y = treatment[used], outcome[used]
        score[used] = arm[1] - arm[0] + t * (y - arm[1]) / share - (1 - t) * (y - arm[0]) / (1 - share)
    return regressor(base, seed).fit(x, score)
