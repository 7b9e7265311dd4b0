-- Grain: directed pair and day with contact, for pairs with a sampled customer at one end and an ungated tie.
-- contact_pct: centrality of the contact. Reads: pair_days, ties, nodes. Params: nodes (list), since, as_of (dates).
WITH pairs AS (
    SELECT a AS ego, b AS contact FROM ties WHERE gated_because IS NULL AND list_contains($nodes, a)
    UNION ALL
    SELECT b AS ego, a AS contact FROM ties WHERE gated_because IS NULL AND list_contains($nodes, b)
),

days AS (
    SELECT p.ego, p.contact, d.day, TRUE AS outgoing, d.n_calls, d.talk_s, d.n_texts
    FROM pairs AS p
    INNER JOIN pair_days AS d ON d.src = p.ego AND d.dst = p.contact
    WHERE d.day >= $since AND d.day < $as_of
    UNION ALL
    SELECT p.ego, p.contact, d.day, FALSE AS outgoing, d.n_calls, d.talk_s, d.n_texts
    FROM pairs AS p
    INNER JOIN pair_days AS d ON d.src = p.contact AND d.dst = p.ego
    WHERE d.day >= $since AND d.day < $as_of
)

SELECT d.*, coalesce(n.centrality_pct, 0) AS contact_pct
FROM days AS d
INNER JOIN nodes AS n ON n.node = d.contact
ORDER BY d.ego, d.contact, d.day, d.outgoing
