-- Grain: contact that counts of one party x act it did in [since, as_of), the strongest first. day: when last; tie_share: of the weights that
-- count. Reads: ties, parties, acts. Params: node, since, as_of (dates).
WITH mine AS (
    SELECT CASE WHEN t.a = $node THEN t.b ELSE t.a END AS contact, t.weight
    FROM ties AS t
    WHERE (t.a = $node OR t.b = $node) AND t.gated_because IS NULL
)

SELECT
    p.party_id AS contact_id,
    d.act,
    max(local_day(d.at)) AS day,
    m.weight / (SELECT sum(x.weight) FROM mine AS x) AS tie_share
FROM mine AS m
INNER JOIN parties AS p ON p.node = m.contact
INNER JOIN acts AS d ON d.customer_id = p.party_id
WHERE local_day(d.at) >= CAST($since AS DATE) AND local_day(d.at) < CAST($as_of AS DATE)
GROUP BY p.party_id, d.act, m.weight
ORDER BY m.weight DESC, p.party_id, d.act
