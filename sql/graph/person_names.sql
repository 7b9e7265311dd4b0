-- Grain: party that table `persons` names. Reads: persons, parties.
SELECT node, party_id
FROM parties
WHERE node IN (SELECT a FROM persons UNION SELECT b FROM persons)
ORDER BY node
