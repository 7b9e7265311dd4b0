-- Odd ids as they are read, with the reason why one names no person.
-- Grain: distinct raw id. Reads: _ids_folded_frame (raw, text, problem), handed over from memory.
SELECT raw::VARCHAR AS raw, text::VARCHAR AS text, problem::VARCHAR AS problem FROM _ids_folded_frame
