-- Customers to whom something is shown. Grain: one row. Reads: face_choices.
SELECT count(*) AS n FROM face_choices WHERE arm <> 'no_ad'
