-- A file's rows as it had them, in order. Grain: row. Reads: readings. Params: $source_id.
SELECT cells FROM readings WHERE source_id = $source_id ORDER BY row_number
