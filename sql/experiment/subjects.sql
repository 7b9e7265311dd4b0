-- Grain: customer whose ad in the arm influencer_face is driven by a contact's likeness. Reads matches.
SELECT customer_id, subject_id
FROM matches
WHERE arm = 'influencer_face' AND status = 'matched' AND subject_id IS NOT NULL
ORDER BY customer_id
