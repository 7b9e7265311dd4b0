-- Adds a file's new parties.
-- Grain: party. Reads: _log_new_parties. Writes: parties.
INSERT INTO parties BY NAME SELECT node, party_id, is_customer, opted_out FROM _log_new_parties
