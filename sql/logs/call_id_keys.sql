-- Keys of the calls' own ids, where the format has them.
-- Grain: event. Reads: _log_pool. Params: $parts, $part.
SELECT key
FROM (SELECT hash(call_id) AS key FROM _log_pool WHERE call_id IS NOT NULL) AS keyed
WHERE $parts = 1 OR key % $parts = $part
