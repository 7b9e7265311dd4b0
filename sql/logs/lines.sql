-- Lines of a file split into fields, one row a line, whatever is wrong with it; empty lines are no rows.
-- Grain: line, in file order. Reads: _log_lines (line, bytes). Params: $delimiter, $pattern that finds a field
--   after a delimiter, $width fields per row.
-- As DuckDB's reader has it: a space before an opening quote is none of the field, empty fields beyond the last are none.
-- A field whose quote is not closed has no value, and its line is damaged.
WITH texts AS (
    SELECT line, try(regexp_replace(decode(line), '\r$', '')) AS text FROM _log_lines
),

parts AS (
    SELECT
        line,
        text,
        CASE
            WHEN text IS NULL THEN null
            WHEN contains(text, '"') THEN
                list_transform(
                    regexp_extract_all($delimiter || text, $pattern, 1),
                    lambda f: CASE
                        WHEN regexp_full_match(f, ' ?"(?:[^"]|"")*"')
                            THEN replace(substr(ltrim(f), 2, length(ltrim(f)) - 2), '""', '"')
                        WHEN NOT regexp_matches(f, '^ ?"') THEN f
                    END
                )
            ELSE string_split(text, $delimiter)
        END AS fields
    FROM texts
),

judged AS (
    SELECT
        *,
        length(fields) < $width OR array_to_string(fields[$width + 1:], '') <> '' OR list_count(fields) < length(fields)
            AS wrong
    FROM parts
)

SELECT
    CASE WHEN text IS NULL THEN 'not_utf8' WHEN wrong THEN 'wrong_columns' END AS problem,
    CASE WHEN text IS NULL THEN '?' WHEN wrong THEN text END AS line,
    fields
FROM judged
WHERE text IS NULL OR trim(text) <> ''
