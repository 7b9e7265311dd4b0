-- Keys of events with each event's place in the lowest digits, to sort: neighbours with the same key may be the same
-- event.
-- Grain: event. Reads: _log_pool, macro log_key. Params: $shift, $bucket seconds, $size places,
--   $base the first place.
SELECT (key // $size::UBIGINT) * $size::UBIGINT + (place - $base)::UBIGINT AS mark
FROM (SELECT log_key(kind, caller, callee, started_at, duration_s, $shift, $bucket) AS key, place FROM _log_pool)
