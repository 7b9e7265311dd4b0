-- Erased people are named in no earlier decision about somebody else: # stands for them, and for the photo and the ad that
-- was chosen after their face. Grain: update. Reads: _erased (name). Writes: decisions.
UPDATE decisions
SET
    contact_id = CASE WHEN contact_id IN (SELECT e.name FROM _erased AS e) THEN '#' ELSE contact_id END,
    photo_id = CASE WHEN photo_id IS NOT NULL AND subject_id IN (SELECT e.name FROM _erased AS e) THEN '#' ELSE photo_id END,
    ad = CASE WHEN ad IS NOT NULL AND subject_id IN (SELECT e.name FROM _erased AS e) THEN '#' ELSE ad END,
    subject_id = CASE WHEN subject_id IN (SELECT e.name FROM _erased AS e) THEN '#' ELSE subject_id END
WHERE
    customer_id NOT IN (SELECT e.name FROM _erased AS e)
    AND (contact_id IN (SELECT e.name FROM _erased AS e) OR subject_id IN (SELECT e.name FROM _erased AS e))
