-- What the callers of events that may be the same are known by.
-- Grain: party. Reads: parties, _log_new_parties, _log_suspects.
SELECT n.node, n.party_id
FROM (
    SELECT node, party_id FROM parties
    UNION ALL
    SELECT node, party_id FROM _log_new_parties
) AS n
WHERE n.node IN (SELECT s.caller FROM _log_suspects AS s)
