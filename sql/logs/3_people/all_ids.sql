-- The parties of a file none of whose rows are ruled out by their ids.
-- Grain: party. Reads: _log_ids.
SELECT party_id FROM _log_ids
