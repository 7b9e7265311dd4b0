-- The parties of a file that are not known yet, to be looked for on the list of objections.
-- Grain: party. Reads: _log_used, parties.
SELECT u.party_id AS name
FROM _log_used AS u
LEFT JOIN parties AS p ON u.party_id = p.party_id
WHERE p.node IS NULL
