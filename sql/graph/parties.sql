-- Grain: party, by id in code-point order (which numbers the parties of a network). Reads: parties.
SELECT node, party_id, is_customer, opted_out
FROM parties
ORDER BY party_id
