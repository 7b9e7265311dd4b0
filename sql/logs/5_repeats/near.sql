-- Stored events so near a file's in time that they may be the same, with a place after the file's own.
-- Grain: event. Reads: events. Params: $first_at, $last_at, $window seconds; $after the highest place of the file's own.
SELECT
    $after + row_number() OVER () AS place, rowid AS rid, kind::ENUM('call', 'data', 'text') AS kind, caller, callee,
    started_at, duration_s
FROM events
WHERE
    started_at >= $first_at::TIMESTAMP - to_seconds($window)
    AND started_at <= $last_at::TIMESTAMP + to_seconds($window)
