-- Grain: experiment with assigned customers, the newest first; of two whose names differ in capitals alone, which no
-- two columns may, the newer one. Reads: assignments. Params: limit.
SELECT experiment_id, max(assigned_at) AS assigned_at
FROM assignments
GROUP BY experiment_id
QUALIFY row_number() OVER (PARTITION BY lower(experiment_id) ORDER BY max(assigned_at) DESC, experiment_id) = 1
ORDER BY assigned_at DESC, experiment_id
LIMIT $limit
