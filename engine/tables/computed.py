"""Tables that stages write: the graph, influencers, offers, faces and ads."""

from __future__ import annotations

from engine.contracts import table

# What a row of offer_metrics can be.
_FIGURES = "|".join((
    "qini", "qini_cross_validated", "qini_gap", "qini_placebo", "qini_added", "qini_lost", "auuc", "uplift_top",
    "uplift_decile", "calibration_slope", "like_random", "no_model", "policy_value", "policy_value_weighted",
    "policy_gain", "policy_no_gain", "policy_no_overlap", "propensity_estimated", "propensity_given",
))  # fmt: skip
# Whose face, and why: see `engine.faces.decide`.
_SHOWN = "own_face|influencer_face|random_face|no_face|no_ad"
_WHY = "|".join((
    "assigned", "explored", "policy", "best_arm", "preferred", "fallback",
    "minor", "no_consent", "no_offer", "not_showable", "nothing_to_show", "no_longer_allowed",
))  # fmt: skip
# What a customer gets, and why not: see `engine.offers.policy`.
_CHOSEN = "|".join((
    "offered", "minor", "age_unknown", "no_consent", "no_offers", "none_valid", "no_model", "not_open", "never_tried",
    "used_up", "not_worth",
))  # fmt: skip
ALL = [
    # ---- graph
    table("edges", "directed pair with contact in the window", "src dst", """
        src u32
        dst u32
        n_calls i64          attempts
        talk_s i64
        n_texts i64
        active_days i64      days on which src called or texted dst
        first_day date
        last_day date
        strength f64         s_uv of METHODS section 2
        """),
    table("graph_window", "the window that edges were last computed for (one row)", "as_of", """
        as_of date           first day not counted
        window_days i64
        half_life_days f64
        """),
    table("hubs", "party that is not a person", "node", """
        node u32
        contacts i64         distinct contacts in the window
        mutual_share f64     share of the contacts with traffic both ways
        reason text          many_contacts or one_way
        """),
    table("ties", "unordered pair with contact in the window", "a b", """
        a u32                the smaller node
        b u32
        weight f64           w_uv, symmetric
        reciprocity f64      0 one-way, 1 balanced
        overlap f64?         shared contacts over all contacts (Onnela); null where gated
        active_days i64      days with contact either way
        gated_because text?  hub, one_way, few_days, same_handset or same_person; null = counts for influence
        """),
    table("nodes", "party that is in the graph", "node", """
        node u32
        party_id text
        degree i64           contacts over ungated ties
        in_strength f64
        out_strength f64
        pagerank f64?        null for hubs
        centrality_pct f64?  share of the non-hub parties whose PageRank is no higher
        coreness i64?        null, as the two below, where the graph was too large for one memory
        collective_influence f64?
        community i64?
        is_hub bool
        """),
    table("influencers", "customer, definition and rank", "customer_id definition rank", """
        customer_id text
        definition text      of METHODS section 3; auto = learned where acts support it, else strongest
        rank i64             from 1
        contact_id text
        score f64
        tie_share f64        p_ij
        centrality_pct f64   c_j
        margin f64           (top - second) / top, 1 with a single contact
        """),
    table("persons", "pair of numbers of one person, or of two by hand", "a b", """
        a u32                node, the smaller one
        b u32
        score f64?           0 to 1; null = said by hand, or follows from other pairs
        why text=same_handset|followed|linked|joined|split  how it was found, follows from others, or was said by hand
        """),
    table("learned", "figure of what acts tell of influence", "kind name", """
        kind text=choice|reason|cases|gain|difference|odds|held_out|term
        name text            definition, reason, part or feature
        value f64?           of a term: log-odds per standard deviation; of the reason: p-value of the shuffles
        low f64?             95 %
        high f64?
        mean f64?            of the feature over customers' contacts
        deviation f64?       null = the same for all
        says text            in words
        """),
    # ---- offers
    table("handsets", "customer and spell with one handset model", "customer_id spell", """
        customer_id text
        spell i64            from 1, in time order
        tac text
        manufacturer text    'unknown' where the TAC is in no device table
        model text
        first_at date        first day seen
        last_at date         last day seen
        n_events i64
        """),
    table("loyalty", "manufacturer, overall or in a segment", "segment_by segment manufacturer", """
        segment_by text      '' = overall, else the customers' column
        segment text         '' = overall
        manufacturer text
        n i64                changes away from a handset of it
        retained i64         of those, next handset of the same manufacturer
        retention f64
        low f64              Wilson 95 %
        high f64
        share f64            its share among the next handsets of the same changers
        lift f64?            retention / share
        log_odds f64?        log-odds of retention against share
        """),
    table("features", "customer as of a date", "customer_id as_of", """
        customer_id text
        as_of date
        """, open_=True),
    table("uplift", "customer and offer", "customer_id offer_id", """
        customer_id text
        offer_id text
        uplift f64           change in the probability of accepting, in [-1, 1]
        model_id text
        """),
    table("offer_metrics", "offer, learner, base and figure", "offer_id learner base kind parameter", f"""
        offer_id text        (policy) = of a rule that gives offers
        learner text         or the rule: nobody, everybody, random, personalised, personalised_half_cost
        base text            logistic or boosting
        kind text={_FIGURES}  what the figure is
        parameter text       of which percentage, decile, column or offer; '' = none
        metric text          the figure in words, with the name of its definition
        value f64?
        low f64?
        high f64?
        chosen bool          this learner scores the offer
        """),
    table("choices", "customer", "customer_id", f"""
        customer_id text
        offer_id text?       null = no offer
        expected_value f64   value x uplift - cost, 0 for none
        kind text?={_CHOSEN}  what `reason` says, as one word; null = from before it was kept
        reason text
        """),
    # ---- faces
    table("faces", "photo and face", "sha256 face model_id", """
        sha256 text
        face i32             0-based; -1 when the photo gave none
        model_id text        detector, alignment and weights that made this row
        status text          ok, no_face, ambiguous, low_quality, unreadable
        reason text?
        box f32[4]?          x0 y0 x1 y1 in pixels of the upright photo
        landmarks f32[10]?   x y of left eye, right eye, nose, left and right mouth corner
        probability f64?     of the detector
        sharpness f64?       of the crop, whatever its light: variance of the Laplacian over that of the brightness
        yaw f64?             -1..1 from the landmarks, 0 = frontal
        hair f32[4]?         L a b (CIE Lab) above the face, and confidence 0..1
        width i32?           of the upright photo, pixels
        height i32?
        embedding f32[512]?  unit length; null unless status is ok
        """),
    table("estimates", "campaign photo: how its model looks, where nobody supplied it", "sha256 model_id", """
        sha256 text
        model_id text        networks that made this row, and what found the face
        woman f64            probability 0..1
        age f64              years
        """),
    table("face_choices", "customer: whose face is shown", "customer_id", f"""
        customer_id text
        arm text={_SHOWN}    no_ad = nothing is shown
        subject_id text?     whose face chose the photo; null for random_face and no_face
        rank i32?            of the contact whose face it is, 1 = first; null unless influencer_face
        photo_id text?       null without a face
        reason text={_WHY}   what decided, or why nothing is shown
        propensity f64?      probability with which this arm was given; null where it was not random
        experiment_id text?  the running experiment that assigned the arm
        policy_id text?      the learned policy that chose it
        arms i64?            that the policy could show this customer; null without one
        """),
    table("matches", "customer and arm", "customer_id arm", """
        customer_id text
        arm text             own_face, influencer_face or random_face
        subject_id text?     whose face was matched; null for random_face
        rank i32?            of the contact whose face it is, 1 = first; null unless influencer_face
        photo_id text?       null where there is no match
        similarity f64?      cosine of the two embeddings, less what all models' have in common
        percentile f64?      share of random inventory pairs that are less similar
        flag text?           same_person_likely
        status text          matched, or why not: no_photo, no_consent, no_face, ambiguous, nobody_alike ...
        """),
    # ---- ads
    table("ads", "customer and arm", "customer_id arm", """
        ad_id text
        customer_id text
        arm text
        offer_id text
        photo_id text
        files texts          below the workspace's ads/ folder, one per size
        alt_text text
        enlarged f64?        pixels of the largest creative to a pixel of the photo; above 2 it looks soft
        subject_id text?     whose face chose the photo; never handed out
        offer_version text   hash of what the ad says of its offer
        """),
]  # fmt: skip
