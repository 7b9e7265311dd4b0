-- Ids that may be phone numbers in national form: digits and separators, 5 to 15 digits, no + or 00 in front.
-- Grain: distinct raw id. Reads: _ids_raw.
SELECT raw
FROM _ids_raw
WHERE
    regexp_full_match(trim(raw), '[0-9(][0-9 ()./-]{4,24}')
    AND NOT starts_with(trim(raw), '00')
ORDER BY raw
