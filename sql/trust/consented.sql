-- Whose consent to what holds at a moment: of each subject and purpose the newest event up to it counts; at the same moment
-- a withdrawal beats a grant, an earlier expiry a later one.
-- Grain: subject and purpose. Reads: consents. Params: $moment.
WITH happened AS (
    SELECT customer_id, purpose, granted_at AS happened_at, expires_at IS NULL OR expires_at > $moment::TIMESTAMP AS holds
    FROM consents
    WHERE granted_at <= $moment::TIMESTAMP
    UNION ALL
    SELECT customer_id, purpose, withdrawn_at AS happened_at, false AS holds
    FROM consents
    WHERE withdrawn_at <= $moment::TIMESTAMP
),

newest AS (
    SELECT customer_id, purpose, max(happened_at) AS happened_at FROM happened GROUP BY customer_id, purpose
)

SELECT h.customer_id, h.purpose
FROM happened AS h
INNER JOIN newest AS n ON n.customer_id = h.customer_id AND n.purpose = h.purpose AND n.happened_at = h.happened_at
GROUP BY h.customer_id, h.purpose
HAVING bool_and(h.holds)
