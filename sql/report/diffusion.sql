-- Grain: manufacturer x month (first day). Customers whose first handset of that manufacturer after another one's
-- began in the month. Reads: handsets.
WITH firsts AS (
    SELECT customer_id, manufacturer, min(spell) AS spell, min(first_at) AS first_at
    FROM handsets
    GROUP BY customer_id, manufacturer
)

SELECT manufacturer, CAST(date_trunc('month', first_at) AS DATE) AS month, count(*) AS n
FROM firsts
WHERE spell > 1
GROUP BY manufacturer, CAST(date_trunc('month', first_at) AS DATE)
ORDER BY manufacturer, month
