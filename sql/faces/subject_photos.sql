-- Grain: one row per person, purpose and photo: the addressees (own_face, see addressees.sql) and those of their contacts
-- whose face they may be shown (likeness_for_contacts). allowed: an adult who agreed to the purpose.
-- Reads choices, optouts, photos, _lenders, _standing.
WITH addressees AS (
    SELECT customer_id FROM choices WHERE offer_id IS NOT NULL
    UNION
    SELECT customer_id FROM photos WHERE customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
),

subjects AS (
    SELECT customer_id AS subject_id, 'own_face' AS purpose FROM addressees
    UNION
    SELECT l.contact_id AS subject_id, 'likeness_for_contacts' AS purpose
    FROM _lenders AS l
    INNER JOIN addressees AS a ON a.customer_id = l.customer_id
)

SELECT
    s.subject_id,
    s.purpose,
    p.sha256,
    p.path,
    CASE WHEN s.purpose = 'own_face' THEN coalesce(w.own_face, false) ELSE coalesce(w.likeness, false) END AS allowed
FROM subjects AS s
INNER JOIN photos AS p ON p.customer_id = s.subject_id
LEFT JOIN _standing AS w ON w.customer_id = s.subject_id
ORDER BY s.subject_id, s.purpose, p.sha256
