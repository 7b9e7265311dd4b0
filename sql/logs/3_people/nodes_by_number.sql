-- The nodes of a file's ids, by their numbers.
-- Grain: distinct raw id. Reads: _log_nodes.
SELECT id, node FROM _log_nodes
