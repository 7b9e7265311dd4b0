-- Grain: unordered pair whose tie counts; engine/graph/overlap.py, which wants this order, adds `overlap`. Reads: rated.
SELECT r.a, r.b, r.weight, r.reciprocity, r.active_days, r.gated_because
FROM rated AS r
WHERE r.gated_because IS NULL
ORDER BY r.a, r.b
