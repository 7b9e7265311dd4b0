-- The node of each id of a file.
-- Grain: distinct raw id. Reads: _log_names, parties, _log_new_parties.
SELECT i.id, p.node
FROM _log_names AS i
INNER JOIN parties AS p ON i.party_id = p.party_id
UNION ALL
SELECT i.id, n.node
FROM _log_names AS i
INNER JOIN _log_new_parties AS n ON i.party_id = n.party_id
