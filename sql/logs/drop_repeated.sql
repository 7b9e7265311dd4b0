-- Takes a file's repeated rows and second legs out.
-- Grain: delete. Reads: _log_same, _log_legs. Writes: _log_events.
DELETE FROM _log_events
WHERE
    rowid IN (SELECT rid FROM _log_same WHERE NOT is_old)
    OR rowid IN (SELECT rid FROM _log_legs WHERE NOT is_old)
