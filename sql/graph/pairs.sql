-- Grain: unordered pair with contact in [since, as_of); a is the smaller node. Temporary table `pairs`.
-- Reads: edges, pair_days. Params: since, as_of (dates).
-- active_days: days with contact either way = days one way + days the other way - days on which both.
WITH both_days AS (
    SELECT p.src AS a, p.dst AS b, count(*) AS n
    FROM pair_days AS p
    INNER JOIN pair_days AS q ON q.src = p.dst AND q.dst = p.src AND q.day = p.day
    WHERE
        p.src < p.dst
        AND q.src > q.dst
        AND p.day >= $since
        AND p.day < $as_of
        AND q.day >= $since
        AND q.day < $as_of
    GROUP BY p.src, p.dst
),

pairs AS (
    SELECT
        coalesce(e.src, f.dst) AS a,
        coalesce(e.dst, f.src) AS b,
        e.strength AS s_ab,
        f.strength AS s_ba,
        coalesce(e.active_days, 0) + coalesce(f.active_days, 0) AS days
    FROM (SELECT src, dst, strength, active_days FROM edges WHERE src < dst) AS e
    FULL OUTER JOIN (SELECT src, dst, strength, active_days FROM edges WHERE src > dst) AS f
        ON f.src = e.dst AND f.dst = e.src
)

SELECT p.a, p.b, p.s_ab, p.s_ba, p.days - coalesce(d.n, 0) AS active_days
FROM pairs AS p
LEFT JOIN both_days AS d ON d.a = p.a AND d.b = p.b
