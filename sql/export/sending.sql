-- The rows of one numbered delivery. Grain: customer and arm. Reads: sendings. Params: $number.
SELECT customer_id, arm, digest FROM sendings WHERE number = $number AND new ORDER BY customer_id, arm
