-- Grain: directed pair. Table `edges` after edges_update.sql. Reads: edges_next (temporary).
SELECT *
FROM edges_next
