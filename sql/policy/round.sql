-- Grain: customer of one round. Reads: rounds. Params: $round.
SELECT * FROM rounds WHERE "round" = $round ORDER BY customer_id
