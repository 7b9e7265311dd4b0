-- Defines the view _log_pool: a file's events and the stored ones near them, among which the same may stand twice.
-- Grain: event. Reads: _log_new, _log_near.
CREATE OR REPLACE TEMP VIEW _log_pool AS
SELECT row_id AS place, false AS is_old, row_id AS rid, kind, caller, callee, started_at, duration_s, call_id
FROM _log_new
UNION ALL
SELECT place, true AS is_old, rid, kind, caller, callee, started_at, duration_s, null AS call_id FROM _log_near
