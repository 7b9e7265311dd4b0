-- The distinct ids of the rows that stay, as they came in, with their numbers.
-- Grain: distinct raw id. Reads: _log_texts (raw, in the order of the numbers), handed over from memory.
SELECT raw::VARCHAR AS raw, (row_number() OVER () - 1)::UINTEGER AS id FROM _log_texts
