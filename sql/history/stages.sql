-- The line of each stage's last finished run. Grain: stage. Reads: runs.
WITH ordered AS (
    SELECT stage, run_id, row_number() OVER (PARTITION BY stage ORDER BY finished_at DESC, run_id) AS place
    FROM runs
    WHERE status = 'done'
)

SELECT stage, run_id FROM ordered WHERE place = 1 ORDER BY stage
