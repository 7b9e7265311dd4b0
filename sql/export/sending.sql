-- The rows of one numbered delivery. Grain: customer. Reads: sendings. Params: $number.
SELECT customer_id, arm, digest FROM sendings WHERE number = $number ORDER BY customer_id
