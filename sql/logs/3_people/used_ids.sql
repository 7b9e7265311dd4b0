-- The parties of the rows that stay.
-- Grain: party. Reads: _log_all, _log_names, _log_bad_rows.
WITH kept AS (
    SELECT r.caller, r.callee
    FROM _log_all AS r
    WHERE r.reason IS NULL AND r.row_id NOT IN (SELECT row_id FROM _log_bad_rows)
)

SELECT i.party_id FROM kept AS k INNER JOIN _log_names AS i ON k.caller = i.id
UNION
SELECT i.party_id FROM kept AS k INNER JOIN _log_names AS i ON k.callee = i.id
