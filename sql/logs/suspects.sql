-- Events that may be the same as another one: equal keys, where a call with talk has two keys (two time buckets of
-- twice the window, half a bucket apart, so that any two starts within the window share one) and all else one key.
-- Grain: event. Reads: _log_pool. Params: $window seconds.
WITH keyed AS (
    SELECT
        *,
        unnest(CASE
            WHEN kind = 'call' AND duration_s > 0
                THEN [
                    hash(least(caller, callee), greatest(caller, callee), epoch(started_at)::BIGINT // (2 * $window + 2)),
                    hash(
                        least(caller, callee), greatest(caller, callee),
                        (epoch(started_at)::BIGINT + $window + 1) // (2 * $window + 2), 1
                    )
                ] || CASE WHEN call_id IS NULL THEN [] ELSE [hash(call_id)] END
            ELSE [hash(kind, caller, callee, started_at)]
                || CASE WHEN call_id IS NULL THEN [] ELSE [hash(call_id)] END
        END) AS key
    FROM _log_pool
),

repeated AS (
    SELECT key FROM keyed GROUP BY key HAVING count(*) > 1
)

SELECT DISTINCT
    k.is_old, k.rid, k.kind, k.caller, k.callee, least(k.caller, k.callee) AS a, greatest(k.caller, k.callee) AS b,
    k.started_at, k.duration_s, k.call_id
FROM keyed AS k
WHERE k.key IN (SELECT key FROM repeated)
