-- A file's rows that may be the same as another one, as the file had them: with the others, which stand in events, they are
-- all it said. Rows that stand for several contacts are all kept.
-- Grain: row of the file. Reads: _log_new, _log_suspects. Params: $source_id; $every whether all rows are kept.
SELECT
    $source_id AS source_id, row_id + 1 AS row_number, kind, caller, callee, started_at, duration_s, answered, volume_mb,
    caller_tac, callee_tac, caller_device, callee_device, caller_cell, callee_cell,
    CASE WHEN call_id IS NOT NULL THEN dense_rank() OVER (ORDER BY call_id)::VARCHAR END AS call_id, n_calls, n_texts
FROM _log_new
WHERE $every OR row_id IN (SELECT s.rid FROM _log_suspects AS s WHERE NOT s.is_old)
