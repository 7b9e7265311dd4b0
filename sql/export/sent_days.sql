-- On which days customers were sent how many numbered deliveries, up to a day. Grain: customer and day. Reads: sendings.
-- Params: $day.
SELECT customer_id, day, count(*) AS deliveries
FROM sendings
WHERE day <= CAST($day AS DATE)
GROUP BY customer_id, day
ORDER BY customer_id, day
