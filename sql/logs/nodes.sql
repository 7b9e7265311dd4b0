-- The node of each id of a file.
-- Grain: distinct raw id. Reads: _log_ids, parties.
SELECT i.raw, p.node
FROM _log_ids AS i
INNER JOIN parties AS p ON i.party_id = p.party_id
