-- The columns of texts that the workspace's own database stores. Grain: table and column, in the tables' order.
SELECT c.table_name, c.column_name, c.data_type
FROM duckdb_columns() AS c
INNER JOIN duckdb_tables() AS t ON c.table_oid = t.table_oid AND c.database_name = t.database_name
WHERE
    c.database_name = current_database() AND c.schema_name = 'main' AND NOT c.internal
    AND c.data_type IN ('VARCHAR', 'VARCHAR[]', 'JSON')
ORDER BY c.table_name, c.column_index
