-- A file's events, where no stored one is near them in time.
-- Grain: event. Reads: _log_events.
SELECT
    false AS is_old, rowid AS rid, kind, caller, callee, started_at, duration_s, call_id
FROM _log_events
