-- Grain: unordered pair of parties seen with one and the same handset in [since, as_of). Temporary table `same_handset`.
-- Reads: events, pairs. Params: since, as_of (when these days begin).
-- Only pairs with contact are looked up, so one placeholder handset on many numbers costs no more than their ties.
WITH seen AS (
    SELECT caller AS node, caller_device AS device
    FROM events
    WHERE caller_device IS NOT NULL AND started_at >= $since AND started_at < $as_of
    UNION
    SELECT callee AS node, callee_device AS device
    FROM events
    WHERE callee IS NOT NULL AND callee_device IS NOT NULL AND started_at >= $since AND started_at < $as_of
),

shared AS (
    SELECT node, device FROM seen WHERE device IN (SELECT device FROM seen GROUP BY device HAVING count(*) > 1)
)

SELECT DISTINCT p.a, p.b
FROM pairs AS p
INNER JOIN shared AS x ON x.node = p.a
INNER JOIN shared AS y ON y.node = p.b AND y.device = x.device
