-- Pairs of parties of which some rows of the imports to take back may be the same as rows of others, or the other way round:
-- wherever that was so, a row is kept in `repeats`.
-- Grain: pair. Reads: repeats, events. Params: $gone ids of the imports.
WITH kept AS (
    SELECT
        least(r.caller, r.callee) AS a, greatest(r.caller, r.callee) AS b,
        bool_or(list_contains($gone, r.source_id)) AS own
    FROM repeats AS r
    GROUP BY least(r.caller, r.callee), greatest(r.caller, r.callee)
)

SELECT k.a, k.b
FROM kept AS k
WHERE
    k.own
    OR EXISTS (
        SELECT 1
        FROM events AS e
        WHERE list_contains($gone, e.source_id) AND least(e.caller, e.callee) = k.a AND greatest(e.caller, e.callee) = k.b
    )
