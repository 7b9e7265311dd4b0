-- Grain: unordered pair with contact in the window; a is the smaller node. Temporary table `pairs`.
-- Reads: edges, both_days.
-- active_days: days with contact either way = days one way + days the other way - days on which both.
WITH pairs AS (
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

SELECT p.a, p.b, p.s_ab, p.s_ba, p.days - coalesce(d.days, 0) AS active_days
FROM pairs AS p
LEFT JOIN both_days AS d ON d.a = p.a AND d.b = p.b
