-- A file's events and the stored ones near them in time: among them the same call may stand twice.
-- Grain: event. Reads: _log_events, events. Params: $first_at, $last_at, $window seconds.
SELECT
    false AS is_old, rowid AS rid, kind, caller, callee, started_at, duration_s, call_id
FROM _log_events
UNION ALL
SELECT
    true AS is_old, rowid AS rid, kind, caller, callee, started_at, duration_s, null AS call_id
FROM events
WHERE
    started_at >= $first_at::TIMESTAMP - to_seconds($window)
    AND started_at <= $last_at::TIMESTAMP + to_seconds($window)
