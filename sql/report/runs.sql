-- Grain: stage that has finished: hashes of the inputs and the settings of its last run, and the code's versions.
-- Reads: runs.
WITH ordered AS (
    SELECT *, row_number() OVER (PARTITION BY stage ORDER BY finished_at DESC, run_id) AS place
    FROM runs
    WHERE status = 'done'
)

SELECT stage, inputs_hash, config_hash, versions
FROM ordered
WHERE place = 1
ORDER BY stage
