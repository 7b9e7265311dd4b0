-- Ids that are not read as they stand: letters and digits beyond ASCII, IBANs, numbers after a word.
-- Grain: distinct raw id. Reads: _ids_raw. Params: $odd the pattern of engine/trust/identifiers.py.
SELECT raw FROM _ids_raw WHERE regexp_matches(raw, $odd) ORDER BY raw
