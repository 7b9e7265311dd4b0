-- Rows read from a file.
-- Grain: one row. Reads: _log_all.
SELECT count(*)::BIGINT AS n, count(*) FILTER (reason IS NOT NULL)::BIGINT AS rejected FROM _log_all
