-- Stored events of which this file holds an earlier leg: they give way to it.
-- Grain: event. Reads: _log_legs, events.
SELECT e.rowid AS rid, e.caller, e.callee, e.started_at, e.kind::ENUM('call', 'data', 'text') AS kind, e.duration_s
FROM events AS e
WHERE e.rowid IN (SELECT rid FROM _log_legs WHERE is_old)
