-- Ages on a day of the past. Grain: customer. Reads: _ages_then.
SELECT customer_id, age FROM _ages_then ORDER BY customer_id
