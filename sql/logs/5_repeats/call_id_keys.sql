-- Keys of the calls' own ids, where the format has them, with each event's place in the lowest digits.
-- Grain: event. Reads: _log_pool. Params: $parts among which the hashes are shared out; $size places; $base the first place.
SELECT
    (key // $size::UBIGINT) * $size::UBIGINT + (place - $base)::UBIGINT AS mark, (key % $parts::UBIGINT)::USMALLINT AS part
FROM (SELECT hash(call_id) AS key, place FROM _log_pool WHERE call_id IS NOT NULL)
