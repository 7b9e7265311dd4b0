-- How much memory the database may use, as DuckDB writes it ("512.0 MiB").
-- Grain: one row.
SELECT current_setting('memory_limit') AS memory
