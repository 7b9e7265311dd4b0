-- What the other files said of the pairs in which they meet the imports to take back, row by row as they had it.
-- Grain: row of a file. Reads: repeats, events, _undo_pairs. Params: $gone ids of the imports.
WITH kept AS (
    SELECT r.*
    FROM repeats AS r
    WHERE
        NOT list_contains($gone, r.source_id)
        AND EXISTS (
            SELECT 1 FROM _undo_pairs AS p WHERE p.a = least(r.caller, r.callee) AND p.b = greatest(r.caller, r.callee)
        )
),

alone AS (
    SELECT e.*
    FROM events AS e
    WHERE
        NOT list_contains($gone, e.source_id)
        AND EXISTS (
            SELECT 1 FROM _undo_pairs AS p WHERE p.a = least(e.caller, e.callee) AND p.b = greatest(e.caller, e.callee)
        )
        AND NOT EXISTS (
            SELECT 1
            FROM kept AS k
            WHERE
                k.source_id = e.source_id AND k.kind = e.kind AND k.caller = e.caller
                AND k.callee IS NOT DISTINCT FROM e.callee AND k.started_at = e.started_at AND k.duration_s = e.duration_s
        )
),

both_kinds AS (
    SELECT
        source_id, row_number, kind, caller, callee, started_at, duration_s, answered, volume_mb, caller_tac, callee_tac,
        caller_device, callee_device, caller_cell, callee_cell, call_id, n_calls, n_texts
    FROM kept
    UNION ALL
    SELECT
        source_id, 0::BIGINT AS row_number, kind, caller, callee, started_at, duration_s, answered, volume_mb, caller_tac,
        callee_tac, caller_device, callee_device, caller_cell, callee_cell, NULL::VARCHAR AS call_id,
        NULL::BIGINT AS n_calls, NULL::BIGINT AS n_texts
    FROM alone
)

SELECT
    source_id,
    row_number() OVER (PARTITION BY source_id ORDER BY row_number, started_at, caller, callee, kind, duration_s) - 1
        AS row_id,
    kind::ENUM('call', 'data', 'text') AS kind, caller, callee, started_at, duration_s, answered, volume_mb, caller_tac,
    callee_tac, caller_device, callee_device, caller_cell, callee_cell, call_id, n_calls, n_texts
FROM both_kinds
