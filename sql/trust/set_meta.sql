-- Add a fact about the workspace. Writes meta. Parameters: name, value.
INSERT INTO meta (name, value) VALUES ($name, $value)
