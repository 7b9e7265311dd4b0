-- The columns stored in the workspace's own database. Grain: table and column, in the tables' order of columns.
SELECT table_name, column_name, data_type
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
ORDER BY table_name, column_index
