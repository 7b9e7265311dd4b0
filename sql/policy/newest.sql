-- The policy of faces that decides: the one stored last. Grain: one row, or none. Reads: policies.
SELECT policy_id, number, model, report
FROM policies
WHERE number = (SELECT max(number) FROM policies)
