-- One fact about the workspace. Grain: at most one row. Reads meta. Parameter: name.
SELECT name, value
FROM meta
WHERE name = $name
