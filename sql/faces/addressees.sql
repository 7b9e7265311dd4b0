-- Grain: one row per customer whose face match somebody may ask for: those with an offer, and those who gave a photo.
-- Reads choices, photos, optouts.
SELECT customer_id
FROM choices
WHERE offer_id IS NOT NULL
UNION
SELECT customer_id
FROM photos
WHERE customer_id NOT IN (SELECT o.customer_id FROM optouts AS o)
ORDER BY customer_id
