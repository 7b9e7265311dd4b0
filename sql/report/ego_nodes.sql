-- Grain: example customer x party drawn around it: itself and its `limit` - 1 strongest ungated contacts.
-- Reads: ties, nodes. Params: egos (list of nodes), limit.
WITH around AS (
    SELECT a AS ego, b AS node, weight FROM ties WHERE gated_because IS NULL AND list_contains($egos, a)
    UNION ALL
    SELECT b AS ego, a AS node, weight FROM ties WHERE gated_because IS NULL AND list_contains($egos, b)
),

ranked AS (
    SELECT ego, node, weight, row_number() OVER (PARTITION BY ego ORDER BY weight DESC, node) AS place
    FROM around
)

SELECT r.ego, r.node, n.party_id, r.weight, n.centrality_pct
FROM ranked AS r
INNER JOIN nodes AS n ON n.node = r.node
WHERE r.place < $limit
ORDER BY r.ego, r.place
