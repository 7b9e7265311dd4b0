-- The rows of a file that stay, with nodes for ids.
-- Grain: row that stays. Reads: _log_all, _log_nodes, _log_bad_rows, _log_devices.
-- An IMEI gives its TAC. row_id numbers them where a table has no numbers of its own.
SELECT
    r.kind,
    a.node AS caller,
    b.node AS callee,
    r.started_at,
    r.duration_s,
    r.answered,
    r.volume_mb,
    coalesce(r.caller_tac, c.tac) AS caller_tac,
    coalesce(r.callee_tac, d.tac) AS callee_tac,
    c.device AS caller_device,
    d.device AS callee_device,
    nullif(trim(r.caller_cell), '') AS caller_cell,
    nullif(trim(r.callee_cell), '') AS callee_cell,
    nullif(trim(r.call_id), '') AS call_id,
    r.n_calls,
    r.n_texts,
    r.row_id
FROM _log_all AS r
INNER JOIN _log_nodes AS a ON r.caller = a.raw
LEFT JOIN _log_nodes AS b ON r.callee = b.raw
LEFT JOIN _log_devices AS c ON r.caller_imei = c.imei
LEFT JOIN _log_devices AS d ON r.callee_imei = d.imei
WHERE r.reason IS NULL AND r.row_id NOT IN (SELECT w.row_id FROM _log_bad_rows AS w)
