-- Who was given which arm, in two numbers. Grain: one row. Reads: assignments.
SELECT
    count(*) AS n,
    coalesce(bit_xor(hash(experiment_id, customer_id, version, arm, assigned_at)), 0)::VARCHAR AS digest
FROM assignments
