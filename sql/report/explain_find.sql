-- Grain: party whose id is `who` or begins with it; at most 6. Reads: parties. Params: who.
SELECT node, party_id, is_customer, opted_out
FROM parties
WHERE starts_with(party_id, $who)
ORDER BY party_id <> $who, party_id
LIMIT 6
