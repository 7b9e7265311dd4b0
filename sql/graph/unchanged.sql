-- Grain: one row. Whether the stored edges still sum up the pair-days of their window [since, as_of): then they can be
-- carried forward. Late records, erased or opted-out people make it false. Reads: edges, pair_days, parties.
-- Params: since, as_of (dates).
WITH days AS (
    SELECT
        count(*) AS n,
        coalesce(sum(p.n_calls), 0) AS n_calls,
        coalesce(sum(p.talk_s), 0) AS talk_s,
        coalesce(sum(p.n_texts), 0) AS n_texts
    FROM pair_days AS p
    WHERE
        p.day >= $since
        AND p.day < $as_of
        AND p.src NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
        AND p.dst NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
),

kept AS (
    SELECT
        coalesce(sum(e.active_days), 0) AS n,
        coalesce(sum(e.n_calls), 0) AS n_calls,
        coalesce(sum(e.talk_s), 0) AS talk_s,
        coalesce(sum(e.n_texts), 0) AS n_texts
    FROM edges AS e
)

SELECT d.n = k.n AND d.n_calls = k.n_calls AND d.talk_s = k.talk_s AND d.n_texts = k.n_texts AS unchanged
FROM days AS d
CROSS JOIN kept AS k
