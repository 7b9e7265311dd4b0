-- Earlier decisions. Grain: one row. Reads: decisions.
SELECT count(*) AS n FROM decisions
