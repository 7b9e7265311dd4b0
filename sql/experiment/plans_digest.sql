-- What is planned, in two numbers. Grain: one row. Reads: plans.
SELECT count(*) AS n, coalesce(bit_xor(hash(experiment_id, version, hash)), 0)::VARCHAR AS digest FROM plans
