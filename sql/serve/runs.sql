-- Grain: finished run of a stage, with what the run of the stage before it wrote. Reads: runs. Params: limit.
SELECT
    run_id,
    stage,
    status,
    started_at,
    finished_at,
    rows,
    lag(rows) OVER (PARTITION BY stage ORDER BY finished_at, run_id) AS rows_before
FROM runs
ORDER BY finished_at DESC, run_id
LIMIT $limit
