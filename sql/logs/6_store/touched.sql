-- Stored events that a file is about to change or to replace, as they are, where no row of theirs is kept yet.
-- Grain: event. Reads: events, repeats, _log_facts, _log_replaced.
SELECT
    e.source_id, 0::BIGINT AS row_number, e.kind, e.caller, e.callee, e.started_at, e.duration_s, e.answered, e.volume_mb,
    e.caller_tac, e.callee_tac, e.caller_device, e.callee_device, e.caller_cell, e.callee_cell, NULL::VARCHAR AS call_id,
    NULL::BIGINT AS n_calls, NULL::BIGINT AS n_texts
FROM events AS e
WHERE
    e.rowid IN (
        SELECT f.kept_rid AS rid FROM _log_facts AS f WHERE f.kept_old
        UNION ALL
        SELECT d.rid FROM _log_replaced AS d
    )
    AND NOT EXISTS (
        SELECT 1
        FROM repeats AS r
        WHERE
            r.source_id = e.source_id AND r.kind = e.kind AND r.caller = e.caller AND r.callee IS NOT DISTINCT FROM e.callee
            AND r.started_at = e.started_at AND r.duration_s = e.duration_s
    )
