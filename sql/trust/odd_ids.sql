-- Ids that are not read as they stand: letters and digits beyond ASCII, words, whatever programs put around a number.
-- Grain: distinct raw id. Reads: _ids_raw. Params: $odd the pattern of engine/trust/spellings.py.
SELECT raw FROM _ids_raw WHERE regexp_matches(raw, $odd) ORDER BY raw
