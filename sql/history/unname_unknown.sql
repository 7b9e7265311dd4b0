-- Contacts of whom nothing else is known any more are named in no earlier decision: # stands for them. Grain: update.
-- Reads: _everybody (see trust/everybody). Writes: decisions.
UPDATE decisions
SET
    contact_id = CASE WHEN contact_id IN (SELECT e.name FROM _everybody AS e) THEN contact_id WHEN contact_id IS NOT NULL THEN '#' END,
    subject_id = CASE WHEN subject_id IN (SELECT e.name FROM _everybody AS e) THEN subject_id WHEN subject_id IS NOT NULL THEN '#' END
WHERE
    (contact_id <> '#' AND contact_id NOT IN (SELECT e.name FROM _everybody AS e))
    OR (subject_id <> '#' AND subject_id NOT IN (SELECT e.name FROM _everybody AS e))
