-- Ids with the name they have inside the workspace.
-- Grain: distinct raw id. Reads: _ids_named.
SELECT raw, party_id FROM _ids_named
