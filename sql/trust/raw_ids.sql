-- Ids handed over from memory.
-- Grain: distinct raw id. Reads: _ids_frame (raw).
SELECT raw::VARCHAR AS raw FROM _ids_frame
