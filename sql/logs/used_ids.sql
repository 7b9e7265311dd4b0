-- The parties of the rows that stay.
-- Grain: party. Reads: _log_all, _log_ids, _log_bad_rows.
WITH kept AS (
    SELECT r.caller, r.callee
    FROM _log_all AS r
    WHERE r.reason IS NULL AND r.row_id NOT IN (SELECT row_id FROM _log_bad_rows)
)

SELECT i.party_id FROM kept AS k INNER JOIN _log_ids AS i ON k.caller = i.raw
UNION
SELECT i.party_id FROM kept AS k INNER JOIN _log_ids AS i ON k.callee = i.raw
