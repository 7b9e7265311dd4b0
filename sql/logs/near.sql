-- Stored events so near a file's in time that they may be the same.
-- Grain: event. Reads: events. Params: $first_at, $last_at, $window seconds.
SELECT rowid AS rid, kind, caller, callee, started_at, duration_s
FROM events
WHERE
    started_at >= $first_at::TIMESTAMP - to_seconds($window)
    AND started_at <= $last_at::TIMESTAMP + to_seconds($window)
