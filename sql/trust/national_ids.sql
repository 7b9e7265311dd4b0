-- Ids that may be phone numbers in national form: digits and separators, 5 to 15 digits, no + in front; by older rules no
-- 00 either, which in some countries leads to another one and in some does not.
-- Grain: distinct raw id. Reads: _ids_raw, _ids_folded (raw, text: how odd ones are read). Params: $rules, see party_ids.
WITH read_as AS (
    SELECT r.raw, coalesce(f.text, trim(r.raw)) AS text FROM _ids_raw AS r LEFT JOIN _ids_folded AS f ON r.raw = f.raw
)

SELECT raw, text
FROM read_as
WHERE regexp_full_match(text, '[0-9(][0-9 ()./-]{4,24}') AND (NOT starts_with(text, '00') OR $rules > 2)
ORDER BY raw
