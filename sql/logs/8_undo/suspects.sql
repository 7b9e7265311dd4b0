-- A file's rows of some pairs and the stored events of these: any of them may be the same as another one.
-- Grain: event. Reads: _log_new, events, _undo_pairs.
SELECT
    false AS is_old, row_id AS rid, kind, caller, callee, least(caller, callee) AS a, greatest(caller, callee) AS b,
    started_at, duration_s, call_id
FROM _log_new
UNION ALL
SELECT
    true AS is_old, e.rowid AS rid, e.kind::ENUM('call', 'data', 'text') AS kind, e.caller, e.callee,
    least(e.caller, e.callee) AS a, greatest(e.caller, e.callee) AS b, e.started_at, e.duration_s, NULL::VARCHAR AS call_id
FROM events AS e
WHERE EXISTS (
    SELECT 1 FROM _log_new AS n
    WHERE least(n.caller, n.callee) = least(e.caller, e.callee) AND greatest(n.caller, n.callee) = greatest(e.caller, e.callee)
)
