-- Odd ids as they are read.
-- Grain: distinct raw id. Reads: _ids_folded_frame (raw, text), handed over from memory.
SELECT raw::VARCHAR AS raw, text::VARCHAR AS text FROM _ids_folded_frame
