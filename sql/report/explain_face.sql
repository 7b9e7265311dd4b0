-- Grain: one row: whose face a customer is shown, and what decided it. Reads: face_choices. Params: customer_id.
SELECT arm, subject_id, "rank", reason, propensity, experiment_id, policy_id
FROM face_choices
WHERE customer_id = $customer_id
