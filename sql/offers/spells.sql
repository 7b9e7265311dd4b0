-- Grain: customer x spell with one handset model, numbered in time. Reads: handset_days (temporary), devices.
-- Parameters: $before (days from this one on are not looked at), $change_days, $change_events.
-- The handset of a day is the one with most events; days in a row with the same one are a run (METHODS section 4). A run counts when its
-- first and last day lie $change_days apart and it has $change_events events; the first run needs only the events, since the log cut off its
-- beginning. Other runs are flicker. A customer without any run that counts has one spell, with the handset of most events.
WITH seen AS (
    SELECT
        h.customer_id,
        h.day,
        coalesce(d.manufacturer || ' ' || d.model, h.tac) AS handset,
        min(h.tac) AS tac,
        CAST(sum(h.n_events) AS BIGINT) AS n_events
    FROM handset_days AS h
    LEFT JOIN devices AS d ON d.tac = h.tac
    WHERE h.day < CAST($before AS DATE)
    GROUP BY h.customer_id, h.day, coalesce(d.manufacturer || ' ' || d.model, h.tac)
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id, day ORDER BY n_events DESC, handset) AS place
    FROM seen
),
days AS (
    SELECT customer_id, day, handset, tac, n_events FROM ranked WHERE place = 1
),
starts AS (
    SELECT
        *,
        CASE WHEN handset = lag(handset) OVER (PARTITION BY customer_id ORDER BY day) THEN 0 ELSE 1 END AS is_new
    FROM days
),
numbered AS (
    SELECT *, sum(is_new) OVER (PARTITION BY customer_id ORDER BY day) AS run FROM starts
),
runs AS (
    SELECT
        customer_id,
        run,
        handset,
        min(day) AS first_at,
        max(day) AS last_at,
        CAST(sum(n_events) AS BIGINT) AS n_events
    FROM numbered
    GROUP BY customer_id, run, handset
),
judged AS (
    SELECT
        *,
        CASE
            WHEN n_events >= CAST($change_events AS BIGINT)
                AND (run = 1 OR date_diff('day', first_at, last_at) >= CAST($change_days AS BIGINT))
                THEN 1
            ELSE 0
        END AS counts,
        sum(n_events) OVER (PARTITION BY customer_id, handset) AS total,
        min(first_at) OVER (PARTITION BY customer_id, handset) AS met_at
    FROM runs
),
fallback AS (
    SELECT
        *,
        max(counts) OVER (PARTITION BY customer_id) AS any_counts,
        row_number() OVER (PARTITION BY customer_id ORDER BY total DESC, met_at, handset, run) AS place
    FROM judged
),
kept AS (
    SELECT customer_id, run, handset, CASE WHEN any_counts = 1 THEN first_at ELSE met_at END AS first_at
    FROM fallback
    WHERE counts = 1 OR (any_counts = 0 AND place = 1)
),
turns AS (
    SELECT
        *,
        CASE WHEN handset = lag(handset) OVER (PARTITION BY customer_id ORDER BY run) THEN 0 ELSE 1 END AS is_new
    FROM kept
),
spells AS (
    SELECT
        customer_id,
        handset,
        first_at,
        row_number() OVER (PARTITION BY customer_id ORDER BY run) AS spell,
        lead(first_at) OVER (PARTITION BY customer_id ORDER BY run) AS next_at
    FROM turns
    WHERE is_new = 1
),
filled AS (
    SELECT
        s.customer_id,
        s.spell,
        s.first_at,
        max(d.day) AS last_at,
        CAST(sum(d.n_events) AS BIGINT) AS n_events,
        min(CASE WHEN d.day = s.first_at THEN d.tac END) AS tac
    FROM spells AS s
    INNER JOIN days AS d
        ON d.customer_id = s.customer_id AND d.handset = s.handset
        AND d.day >= s.first_at AND (s.next_at IS NULL OR d.day < s.next_at)
    GROUP BY s.customer_id, s.spell, s.first_at
)
SELECT
    f.customer_id,
    f.spell,
    f.tac,
    coalesce(d.manufacturer, 'unknown') AS manufacturer,
    coalesce(d.model, 'unknown') AS model,
    f.first_at,
    f.last_at,
    f.n_events
FROM filled AS f
LEFT JOIN devices AS d ON d.tac = f.tac
ORDER BY f.customer_id, f.spell
