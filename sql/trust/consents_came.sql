-- Whether consents were ever imported: one was, or there are some. Grain: one row. Reads: sources, consents.
SELECT
    EXISTS (SELECT 1 FROM sources WHERE target = 'consents') OR EXISTS (SELECT 1 FROM consents) AS came
