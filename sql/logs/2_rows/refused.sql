-- Rows that cannot be kept for what stands in them, as far as they can be shown.
-- Grain: row to reject. Reads: _log_all.
SELECT row_id, reason::VARCHAR AS reason, coalesce(raw, '') AS raw FROM _log_all WHERE reason IS NOT NULL
