-- Grain: one row, or none where no definition learns from acts. Which definition is used, and why. Reads: learned.
SELECT l.says FROM learned AS l WHERE l.kind = 'choice'
