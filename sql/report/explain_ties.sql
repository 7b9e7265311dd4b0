-- Grain: contact of one party; the `limit` strongest, those that count first. share: of the weights that count.
-- Reads: ties, nodes, parties, edges. Params: node, limit.
WITH mine AS (
    SELECT
        CASE WHEN t.a = $node THEN t.b ELSE t.a END AS contact,
        t.weight,
        t.reciprocity,
        t.overlap,
        t.active_days,
        t.gated_because
    FROM ties AS t
    WHERE t.a = $node OR t.b = $node
)

SELECT
    p.party_id AS contact_id,
    m.weight,
    CASE WHEN m.gated_because IS NULL
        THEN m.weight / (SELECT sum(x.weight) FROM mine AS x WHERE x.gated_because IS NULL)
    END AS tie_share,
    m.reciprocity,
    m.overlap,
    m.active_days,
    o.n_calls AS calls_out,
    i.n_calls AS calls_in,
    n.centrality_pct,
    m.gated_because
FROM mine AS m
INNER JOIN parties AS p ON p.node = m.contact
LEFT JOIN nodes AS n ON n.node = m.contact
LEFT JOIN edges AS o ON o.src = $node AND o.dst = m.contact
LEFT JOIN edges AS i ON i.src = m.contact AND i.dst = $node
ORDER BY m.gated_because IS NOT NULL, m.weight DESC, p.party_id
LIMIT $limit
