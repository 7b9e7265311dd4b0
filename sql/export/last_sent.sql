-- What each customer has by now, as the newest numbered delivery noted it that had something for them.
-- Grain: customer. Reads: sendings.
WITH newest AS (
    SELECT customer_id, max(number) AS number FROM sendings GROUP BY customer_id
)

SELECT s.customer_id, s.arm, s.digest
FROM sendings AS s
JOIN newest AS n ON n.customer_id = s.customer_id AND n.number = s.number
ORDER BY s.customer_id
