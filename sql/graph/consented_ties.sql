-- Grain: unordered pair whose tie counts for influence, of which both may be told from traffic data: their consent holds
-- on a day, as engine/trust/consent.py has it. Reads: ties, parties, consents.
-- Params: purpose; today and tomorrow (the day's start and end).
WITH agreed AS (
    SELECT p.node
    FROM consents AS c
    INNER JOIN parties AS p ON p.party_id = c.customer_id
    WHERE
        c.purpose = $purpose
        AND c.granted_at < CAST($tomorrow AS TIMESTAMP)
        AND (c.expires_at IS NULL OR c.expires_at > CAST($today AS TIMESTAMP))
        AND (c.withdrawn_at IS NULL OR c.withdrawn_at >= CAST($tomorrow AS TIMESTAMP))
)

SELECT t.a, t.b, t.weight
FROM ties AS t
INNER JOIN agreed AS a ON a.node = t.a
INNER JOIN agreed AS b ON b.node = t.b
WHERE t.gated_because IS NULL
