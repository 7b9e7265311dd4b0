-- Rejected rows per reason.
-- Grain: reason. Reads: _log_all, _log_bad_rows.
SELECT reason, count(*)::BIGINT AS n
FROM (
    SELECT reason::VARCHAR AS reason FROM _log_all WHERE reason IS NOT NULL
    UNION ALL
    SELECT reason FROM _log_bad_rows
) AS rejected
GROUP BY reason
ORDER BY reason
