"""Words that a column of a table may hold, where there are many."""

from __future__ import annotations

# What a row of offer_metrics can be.
FIGURES = "|".join((
    "qini", "qini_cross_validated", "qini_gap", "qini_placebo", "qini_added", "qini_lost", "auuc", "uplift_top",
    "uplift_decile", "calibration_slope", "like_random", "no_model", "policy_value", "policy_value_weighted",
    "policy_gain", "policy_no_gain", "policy_no_overlap", "propensity_estimated", "propensity_given",
))  # fmt: skip
# Whose face, and why: see `engine.faces.decide`.
SHOWN = "own_face|influencer_face|random_face|no_face|no_ad"
WHY = "|".join((
    "assigned", "explored", "policy", "best_arm", "preferred", "fallback",
    "minor", "no_consent", "no_offer", "not_showable", "nothing_to_show", "no_longer_allowed",
))  # fmt: skip
# What a customer gets, and why not: see `engine.offers.policy`.
CHOSEN = "|".join((
    "offered", "minor", "age_unknown", "no_consent", "no_offers", "none_valid", "no_model", "not_open", "never_tried",
    "used_up", "not_worth",
))  # fmt: skip
