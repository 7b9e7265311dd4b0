-- Grain: directed pair with contact in [since, as_of), METHODS section 2. Table `edges`.
-- Reads: pair_days, parties. Params: since, as_of (dates), half_life_days.
-- Opted-out parties never take part; they are left out of the sums, which are fewer than the days. The strength is
-- summed in whole numbers of 2^-60, because sums of floating numbers change with the order in which threads deliver rows.
WITH summed AS (
    SELECT
        p.src,
        p.dst,
        CAST(sum(p.n_calls) AS BIGINT) AS n_calls,
        CAST(sum(p.talk_s) AS BIGINT) AS talk_s,
        CAST(sum(p.n_texts) AS BIGINT) AS n_texts,
        count(*) AS active_days,
        min(p.day) AS first_day,
        max(p.day) AS last_day,
        CAST(
            sum(
                CAST(
                    round(
                        pow(2, 60 - date_diff('day', p.day, $as_of) / CAST($half_life_days AS DOUBLE))
                        * (
                            CASE WHEN p.n_calls > 0 THEN 1.0 ELSE 0.0 END
                            + 0.25 * ln(1.0 + least(p.talk_s, 3600) / 60.0)
                            + CASE WHEN p.n_texts > 0 THEN 0.5 ELSE 0.0 END
                        )
                    ) AS BIGINT
                )
            ) AS DOUBLE
        ) / pow(2, 60) AS strength
    FROM pair_days AS p
    WHERE p.day >= $since AND p.day < $as_of
    GROUP BY p.src, p.dst
)

SELECT s.src, s.dst, s.n_calls, s.talk_s, s.n_texts, s.active_days, s.first_day, s.last_day, s.strength
FROM summed AS s
WHERE
    s.src NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
    AND s.dst NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
