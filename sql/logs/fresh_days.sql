-- Whether a file's contacts are all on days on which nobody has contact yet, and nobody opted out.
-- Grain: one row. Reads: pair_days, parties. Params: $first_at, $last_at the file's span.
SELECT
    NOT EXISTS (SELECT 1 FROM pair_days AS d WHERE d.day BETWEEN $first_at::DATE AND $last_at::DATE)
    AND NOT EXISTS (SELECT 1 FROM parties AS p WHERE p.opted_out) AS fresh
