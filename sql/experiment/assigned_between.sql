-- Grain: customer who got an arm of one experiment in a span of time. Reads assignments.
-- Params: experiment_id, after (exclusive), until (inclusive).
SELECT customer_id, experiment_id, arm, assigned_at, version
FROM assignments
WHERE experiment_id = $experiment_id AND assigned_at > $after AND assigned_at <= $until
ORDER BY customer_id
