-- Whether anybody is in the workspace.
-- Grain: one row. Reads: parties, customers, optouts, consents, treatments, acts, photos.
SELECT
    EXISTS (SELECT 1 FROM parties)
    OR EXISTS (SELECT 1 FROM customers)
    OR EXISTS (SELECT 1 FROM optouts)
    OR EXISTS (SELECT 1 FROM consents)
    OR EXISTS (SELECT 1 FROM treatments)
    OR EXISTS (SELECT 1 FROM acts)
    OR EXISTS (SELECT 1 FROM photos) AS people
