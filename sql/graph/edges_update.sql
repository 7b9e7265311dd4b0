-- Grain: directed pair with contact in [since, as_of): the edges of [was_since, was_as_of) carried forward. As edges.sql.
-- Reads: edges, pair_days, parties. Params: since, as_of, was_since, was_as_of (dates), half_life_days.
-- Every old strength fades by one factor; days that came in are added, days that left are subtracted as they would
-- weigh now. Equal to a rebuild but for rounding.
WITH moved AS (
    SELECT
        p.src,
        p.dst,
        p.day,
        CASE WHEN p.day >= $was_as_of THEN 1 ELSE -1 END AS sign,
        p.n_calls,
        p.talk_s,
        p.n_texts,
        pow(2, -date_diff('day', p.day, $as_of) / CAST($half_life_days AS DOUBLE))
        * (
            CASE WHEN p.n_calls > 0 THEN 1.0 ELSE 0.0 END
            + 0.25 * ln(1.0 + least(p.talk_s, 3600) / 60.0)
            + CASE WHEN p.n_texts > 0 THEN 0.5 ELSE 0.0 END
        ) AS contact
    FROM pair_days AS p
    WHERE
        (
            (p.day >= $was_as_of AND p.day < $as_of AND p.day >= $since)
            OR (p.day >= $was_since AND p.day < $since AND p.day < $was_as_of)
        )
        AND p.src NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
        AND p.dst NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
),

changes AS (
    SELECT
        src,
        dst,
        CAST(sum(sign * n_calls) AS BIGINT) AS n_calls,
        CAST(sum(sign * talk_s) AS BIGINT) AS talk_s,
        CAST(sum(sign * n_texts) AS BIGINT) AS n_texts,
        CAST(sum(sign) AS BIGINT) AS active_days,
        CAST(sum(CAST(round(sign * contact * pow(2, 60)) AS BIGINT)) AS DOUBLE) / pow(2, 60) AS strength,
        min(CASE WHEN sign > 0 THEN day END) AS first_in,
        max(CASE WHEN sign > 0 THEN day END) AS last_in
    FROM moved
    GROUP BY src, dst
),

-- The first day is looked up again where the old one has left the window.
firsts AS (
    SELECT p.src, p.dst, min(p.day) AS first_day
    FROM pair_days AS p
    INNER JOIN edges AS e ON e.src = p.src AND e.dst = p.dst
    WHERE e.first_day < $since AND p.day >= $since AND p.day < $as_of
    GROUP BY p.src, p.dst
),

joined AS (
    SELECT
        coalesce(e.src, c.src) AS src,
        coalesce(e.dst, c.dst) AS dst,
        coalesce(e.n_calls, 0) + coalesce(c.n_calls, 0) AS n_calls,
        coalesce(e.talk_s, 0) + coalesce(c.talk_s, 0) AS talk_s,
        coalesce(e.n_texts, 0) + coalesce(c.n_texts, 0) AS n_texts,
        coalesce(e.active_days, 0) + coalesce(c.active_days, 0) AS active_days,
        CASE WHEN e.first_day >= $since THEN e.first_day ELSE c.first_in END AS first_day,
        coalesce(c.last_in, e.last_day) AS last_day,
        coalesce(e.strength, 0.0)
        * pow(2, -date_diff('day', $was_as_of, $as_of) / CAST($half_life_days AS DOUBLE))
        + coalesce(c.strength, 0.0) AS strength
    FROM edges AS e
    FULL OUTER JOIN changes AS c ON c.src = e.src AND c.dst = e.dst
)

SELECT
    j.src,
    j.dst,
    j.n_calls,
    j.talk_s,
    j.n_texts,
    j.active_days,
    coalesce(f.first_day, j.first_day) AS first_day,
    j.last_day,
    greatest(j.strength, 0.0) AS strength
FROM joined AS j
LEFT JOIN firsts AS f ON f.src = j.src AND f.dst = j.dst
WHERE j.active_days > 0
