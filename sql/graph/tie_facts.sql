-- Grain: unordered pair whose tie counts for influence, with what is known of it. Reads: ties, edges, pair_days. Params: since, as_of
-- (dates), half_life_days. In no order. recency: 1 where the last contact was yesterday, half of it each half-life earlier; new: 1 where
-- the first contact in the window was yesterday, 0 where it was on its first day; texts: share of texts among calls and texts;
-- weekends: share of the days with contact that are Saturdays or Sundays.
WITH counted AS (
    SELECT t.a, t.b, t.overlap FROM ties AS t WHERE t.gated_because IS NULL
),

days AS (
    SELECT
        c.a,
        c.b,
        avg(CASE WHEN date_diff('day', DATE '1970-01-05', d.day) % 7 >= 5 THEN 1.0 ELSE 0.0 END) AS weekends
    FROM counted AS c
    INNER JOIN pair_days AS d ON c.a = least(d.src, d.dst) AND c.b = greatest(d.src, d.dst)
    WHERE d.day >= CAST($since AS DATE) AND d.day < CAST($as_of AS DATE)
    GROUP BY c.a, c.b
)

SELECT
    c.a,
    c.b,
    c.overlap,
    pow(2, (1 - date_diff('day', greatest(there.last_day, back.last_day), CAST($as_of AS DATE)))
        / CAST($half_life_days AS DOUBLE)) AS recency,
    1.0 - (date_diff('day', least(there.first_day, back.first_day), CAST($as_of AS DATE)) - 1)
        / CAST(date_diff('day', CAST($since AS DATE), CAST($as_of AS DATE)) AS DOUBLE) AS "new",
    (there.n_texts + back.n_texts) / CAST(
        greatest(there.n_calls + back.n_calls + there.n_texts + back.n_texts, 1) AS DOUBLE
    ) AS texts,
    days.weekends
FROM counted AS c
INNER JOIN edges AS there ON there.src = c.a AND there.dst = c.b
INNER JOIN edges AS back ON back.src = c.b AND back.dst = c.a
INNER JOIN days ON days.a = c.a AND days.b = c.b
