-- Grain: unordered pair with contact in the new window: pairs.sql carried forward. Temporary table `pairs`.
-- Reads: edges (of the new window), ties (of the old one), pair_days. Params: since, as_of, was_since, was_as_of (dates).
WITH moved AS (
    SELECT DISTINCT
        least(p.src, p.dst) AS a,
        greatest(p.src, p.dst) AS b,
        p.day,
        CASE WHEN p.day >= $was_as_of THEN 1 ELSE -1 END AS sign
    FROM pair_days AS p
    WHERE
        (p.day >= $was_as_of AND p.day < $as_of AND p.day >= $since)
        OR (p.day >= $was_since AND p.day < $since AND p.day < $was_as_of)
),

changes AS (
    SELECT a, b, CAST(sum(sign) AS BIGINT) AS days FROM moved GROUP BY a, b
),

pairs AS (
    SELECT
        coalesce(e.src, f.dst) AS a,
        coalesce(e.dst, f.src) AS b,
        e.strength AS s_ab,
        f.strength AS s_ba
    FROM (SELECT src, dst, strength FROM edges WHERE src < dst) AS e
    FULL OUTER JOIN (SELECT src, dst, strength FROM edges WHERE src > dst) AS f ON f.src = e.dst AND f.dst = e.src
)

SELECT p.a, p.b, p.s_ab, p.s_ba, coalesce(t.active_days, 0) + coalesce(c.days, 0) AS active_days
FROM pairs AS p
LEFT JOIN ties AS t ON t.a = p.a AND t.b = p.b
LEFT JOIN changes AS c ON c.a = p.a AND c.b = p.b
