-- No row is ruled out by its ids: an empty table in the shape of logs/3_people/bad_rows.
-- Grain: row to reject. Reads: nothing.
SELECT 0::BIGINT AS row_id, ''::VARCHAR AS reason, ''::VARCHAR AS raw WHERE false
