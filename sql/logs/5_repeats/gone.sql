-- A file's repeated rows and second legs: what is no event of its own.
-- Grain: event to leave out. Reads: _log_new, _log_same, _log_legs. Params: $parts, $part which part of the rows.
SELECT row_id, kind, caller, callee, started_at, duration_s, answered, n_calls, n_texts
FROM _log_new
WHERE
    row_id IN (
        SELECT rid FROM _log_same WHERE NOT is_old AND rid % $parts = $part
        UNION ALL
        SELECT rid FROM _log_legs WHERE NOT is_old AND rid % $parts = $part
    )
