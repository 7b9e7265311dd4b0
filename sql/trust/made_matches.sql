-- Customers and arms with a matched photo. Grain: one row. Reads: matches.
SELECT count(*) AS n FROM matches WHERE photo_id IS NOT NULL
