-- The rows of a file that stay, with nodes for ids.
-- Grain: row that stays. Reads: _log_seen, _log_bad_rows.
-- Params: $cell the form of a cell's name; what else stands in its column may be a number or an address of a person.
-- An IMEI gives its TAC. row_id numbers them where a table has no numbers of its own.
SELECT
    r.kind,
    r.caller,
    r.callee,
    r.started_at,
    r.duration_s,
    r.answered,
    r.volume_mb,
    coalesce(r.caller_tac, r.caller_own_tac) AS caller_tac,
    coalesce(r.callee_tac, r.callee_own_tac) AS callee_tac,
    r.caller_device,
    r.callee_device,
    CASE WHEN regexp_matches(trim(r.caller_cell), $cell) THEN trim(r.caller_cell) END AS caller_cell,
    CASE WHEN regexp_matches(trim(r.callee_cell), $cell) THEN trim(r.callee_cell) END AS callee_cell,
    nullif(trim(r.call_id), '') AS call_id,
    r.n_calls,
    r.n_texts,
    r.row_id
FROM _log_seen AS r
WHERE r.reason IS NULL AND r.row_id NOT IN (SELECT w.row_id FROM _log_bad_rows AS w)
