-- Whom a policy shows something, or nothing. Grain: customer. Reads: face_choices.
SELECT customer_id, arm, propensity, arms, policy_id FROM face_choices WHERE policy_id IS NOT NULL ORDER BY customer_id
