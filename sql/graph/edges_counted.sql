-- Grain: directed pair with contact in [since, as_of), where all call records came as sums of pairs. Temporary table `edges_next`.
-- Reads: edges, pair_days. Params: since, as_of (dates), half_life_days.
-- Nothing tells of days, so a count weighs as many days with one call (or text) each, the talk shared out evenly among the calls. Summed as
-- decimals, whose sum does not change with the order of rows.
WITH counted AS (
    SELECT
        p.src,
        p.dst,
        CAST(
            sum(
                CAST(
                    pow(2, -date_diff('day', p.day, $as_of) / CAST($half_life_days AS DOUBLE))
                    * (
                        p.n_calls
                        * (1.0 + 0.25 * ln(1.0 + least(p.talk_s / CAST(greatest(p.n_calls, 1) AS DOUBLE), 3600.0) / 60.0))
                        + 0.5 * p.n_texts
                    ) AS DECIMAL(38, 18)
                )
            ) AS DOUBLE
        ) AS strength
    FROM pair_days AS p
    WHERE p.day >= $since AND p.day < $as_of
    GROUP BY p.src, p.dst
)

SELECT e.src, e.dst, e.n_calls, e.talk_s, e.n_texts, e.active_days, e.first_day, e.last_day, c.strength
FROM edges AS e
INNER JOIN counted AS c ON c.src = e.src AND c.dst = e.dst
