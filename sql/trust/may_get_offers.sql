-- Those who may get offers. Grain: customer. Reads: _standing.
SELECT customer_id FROM _standing WHERE offers ORDER BY customer_id
