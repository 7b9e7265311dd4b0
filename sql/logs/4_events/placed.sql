-- Defines the view _log_placed: a file's rows that stay with nodes for ids.
-- Grain: row that stays, but for those that their ids rule out. Reads: _log_all, _log_nodes.
CREATE OR REPLACE TEMP VIEW _log_placed AS
SELECT
    r.kind, a.node AS caller, b.node AS callee, r.started_at, r.duration_s, r.answered, r.reason, r.volume_mb, r.caller_tac,
    r.callee_tac, r.caller_imei, r.callee_imei, r.caller_cell, r.callee_cell, r.call_id, r.n_calls, r.n_texts, r.row_id
FROM _log_all AS r
INNER JOIN _log_nodes AS a ON r.caller = a.id
LEFT JOIN _log_nodes AS b ON r.callee = b.id
