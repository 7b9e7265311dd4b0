-- Events that may be the same as another one, as found in memory by their keys.
-- Grain: event. Reads: _log_pool, _log_suspect_frame (place). Params: $base the first place.
SELECT
    is_old, rid, kind, caller, callee, least(caller, callee) AS a, greatest(caller, callee) AS b, started_at,
    duration_s, call_id
FROM _log_pool
WHERE place IN (SELECT f.place::BIGINT + $base FROM _log_suspect_frame AS f)
