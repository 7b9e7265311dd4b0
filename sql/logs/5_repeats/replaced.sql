-- Stored events of which this file holds an earlier leg: they give way to it.
-- Grain: event. Reads: _log_legs, events, repeats.
SELECT
    e.rowid AS rid, e.caller, e.callee, e.started_at, e.kind::ENUM('call', 'data', 'text') AS kind, e.duration_s,
    s.n_calls, s.n_texts
FROM events AS e
LEFT JOIN (
    SELECT
        r.source_id, r.kind, r.caller, r.callee, r.started_at, r.duration_s, arg_min(r.n_calls, r.row_number) AS n_calls,
        arg_min(r.n_texts, r.row_number) AS n_texts
    FROM repeats AS r
    WHERE r.n_calls IS NOT NULL
    GROUP BY r.source_id, r.kind, r.caller, r.callee, r.started_at, r.duration_s
) AS s
    ON
        e.source_id = s.source_id AND e.kind = s.kind AND e.caller = s.caller AND e.callee = s.callee
        AND e.started_at = s.started_at AND e.duration_s = s.duration_s
WHERE e.rowid IN (SELECT rid FROM _log_legs WHERE is_old)
