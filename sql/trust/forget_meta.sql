-- Remove a fact about the workspace. Writes meta. Parameter: name.
DELETE FROM meta WHERE name = $name
