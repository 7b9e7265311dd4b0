-- The keys of events, to find those that stand more than once; a part at a time, so that they fit in memory.
-- Grain: event. Reads: _log_pool, macro log_key. Params: $shift, $bucket seconds, $parts, $part.
SELECT key
FROM (SELECT log_key(kind, caller, callee, started_at, duration_s, $shift, $bucket) AS key FROM _log_pool) AS keyed
WHERE $parts = 1 OR key % $parts = $part
