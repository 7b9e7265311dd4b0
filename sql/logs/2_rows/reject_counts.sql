-- Rejected rows per reason.
-- Grain: reason. Reads: _log_refused, _log_bad_rows.
SELECT reason, count(*)::BIGINT AS n
FROM (
    SELECT reason FROM _log_refused
    UNION ALL
    SELECT reason FROM _log_bad_rows
) AS rejected
GROUP BY reason
ORDER BY reason
