-- Grain: arm of one experiment. Customers, clusters (0 where customers were assigned), customers who saw an ad.
-- Reads: assignments, exposures. Params: experiment_id.
WITH seen AS (
    SELECT DISTINCT customer_id FROM exposures WHERE experiment_id = $experiment_id
)

SELECT
    a.arm,
    count(*) AS customers,
    count(DISTINCT a.cluster_id) AS clusters,
    count(s.customer_id) AS exposed
FROM assignments AS a
LEFT JOIN seen AS s ON s.customer_id = a.customer_id
WHERE a.experiment_id = $experiment_id
GROUP BY a.arm
ORDER BY a.arm
