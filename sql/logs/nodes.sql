-- The node of each id of a file.
-- Grain: distinct raw id. Reads: _log_ids, parties, _log_new_parties.
SELECT i.raw, p.node
FROM _log_ids AS i
INNER JOIN parties AS p ON i.party_id = p.party_id
UNION ALL
SELECT i.raw, n.node
FROM _log_ids AS i
INNER JOIN _log_new_parties AS n ON i.party_id = n.party_id
