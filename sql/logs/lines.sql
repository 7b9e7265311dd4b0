-- Lines of a file split into fields, one row a line, whatever is wrong with it; empty lines are no rows.
-- Grain: line, in file order. Reads: _log_lines (line, bytes). Params: $delimiter, $pattern that finds a field
--   after a delimiter, $width fields per row.
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
                        WHEN starts_with(f, '"') THEN replace(substr(f, 2, length(f) - 2), '""', '"')
                        ELSE f
                    END
                )
            ELSE string_split(text, $delimiter)
        END AS fields
    FROM texts
)

SELECT
    CASE WHEN text IS NULL THEN 'not_utf8' WHEN length(fields) <> $width THEN 'wrong_columns' END AS problem,
    CASE WHEN text IS NULL THEN '?' WHEN length(fields) <> $width THEN text END AS line,
    fields
FROM parts
WHERE text IS NULL OR trim(text) <> ''
