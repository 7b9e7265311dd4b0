-- Grain: unordered pair whose tie counts for influence, of which both may be told from traffic data. Reads: ties, parties,
-- _consented (customer_id, purpose: what holds). Params: purpose.
WITH agreed AS (
    SELECT p.node
    FROM _consented AS c
    INNER JOIN parties AS p ON p.party_id = c.customer_id
    WHERE c.purpose = $purpose
)

SELECT t.a, t.b, t.weight
FROM ties AS t
INNER JOIN agreed AS a ON a.node = t.a
INNER JOIN agreed AS b ON b.node = t.b
WHERE t.gated_because IS NULL
