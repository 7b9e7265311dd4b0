-- A file's rows that are no events of their own, those that such rows told something, and those whose calls' ids matter: as the
-- file had them. With the others, which stand in events, they are all it said. Rows that stand for several contacts are
-- all kept.
-- Grain: row of the file. Reads: _log_new, _log_gone, _log_facts, _log_same, _log_suspects.
-- Params: $source_id; $every whether all rows are kept.
SELECT
    $source_id AS source_id, row_id + 1 AS row_number, kind, caller, callee, started_at, duration_s, answered, volume_mb,
    caller_tac, callee_tac, caller_device, callee_device, caller_cell, callee_cell,
    CASE WHEN call_id IS NOT NULL THEN dense_rank() OVER (ORDER BY call_id)::VARCHAR END AS call_id, n_calls, n_texts
FROM _log_new
WHERE
    $every
    OR row_id IN (
        SELECT g.row_id FROM _log_gone AS g
        UNION ALL
        SELECT f.kept_rid AS row_id FROM _log_facts AS f WHERE NOT f.kept_old
        UNION ALL
        SELECT d.kept_rid AS row_id FROM _log_same AS d WHERE NOT d.kept_old
        UNION ALL
        SELECT s.rid AS row_id FROM _log_suspects AS s WHERE NOT s.is_old AND s.call_id IS NOT NULL
    )
