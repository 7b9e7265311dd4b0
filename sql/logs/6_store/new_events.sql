-- A file's events, without its repeated rows and second legs, with what those knew of handsets and cells.
-- Grain: event. Reads: _log_new, _log_gone, _log_facts. Params: $source_id; $since, $until when the first day begins and
--   the last one ends: joins give rows in any order, some days at a time stay near each other.
SELECT
    n.kind,
    n.caller,
    n.callee,
    n.started_at,
    n.duration_s,
    n.answered,
    n.volume_mb,
    coalesce(n.caller_tac, f.caller_tac) AS caller_tac,
    coalesce(n.callee_tac, f.callee_tac) AS callee_tac,
    coalesce(n.caller_device, f.caller_device) AS caller_device,
    coalesce(n.callee_device, f.callee_device) AS callee_device,
    coalesce(n.caller_cell, f.caller_cell) AS caller_cell,
    coalesce(n.callee_cell, f.callee_cell) AS callee_cell,
    $source_id AS source_id
FROM _log_new AS n
LEFT JOIN (SELECT * FROM _log_facts WHERE NOT kept_old) AS f ON n.row_id = f.kept_rid
WHERE
    n.started_at >= $since::TIMESTAMP
    AND n.started_at < $until::TIMESTAMP
    AND NOT EXISTS (
        SELECT 1
        FROM _log_gone AS g
        WHERE g.row_id = n.row_id AND g.started_at >= $since::TIMESTAMP AND g.started_at < $until::TIMESTAMP
    )
