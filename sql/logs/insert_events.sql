-- Adds a file's events.
-- Grain: event. Reads: _log_new. Writes: events. Params: $source_id.
INSERT INTO events BY NAME
SELECT
    kind, caller, callee, started_at, duration_s, answered, volume_mb, caller_tac, callee_tac, caller_device,
    callee_device, caller_cell, callee_cell, $source_id AS source_id
FROM _log_new
