-- Events that may be the same as another one: those with a repeated key.
-- Grain: event. Reads: _log_pool, _log_repeated, macro log_key. Params: $shift, $bucket seconds.
SELECT
    is_old, rid, kind, caller, callee, least(caller, callee) AS a, greatest(caller, callee) AS b, started_at,
    duration_s, call_id
FROM _log_pool
WHERE
    log_key(kind, caller, callee, started_at, duration_s, 0, $bucket) IN (SELECT r.key FROM _log_repeated AS r)
    OR log_key(kind, caller, callee, started_at, duration_s, $shift, $bucket) IN (SELECT r.key FROM _log_repeated AS r)
    OR (call_id IS NOT NULL AND hash(call_id) IN (SELECT r.key FROM _log_repeated AS r))
