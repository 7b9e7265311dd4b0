-- Grain: customer assigned in an experiment, with what was known before it. Temporary table `experiment_known`.
-- Reads: assignments, customers, _ages_then (on the day of assignment), nodes, influencers, matches.
-- Params: experiment_id, definition (of the influential contact).
SELECT
    a.customer_id,
    a.arm,
    g.age,
    c.residence,
    n.degree AS contacts,
    i.tie_share,
    i.centrality_pct AS centrality,
    m.percentile AS likeness
FROM assignments AS a
LEFT JOIN customers AS c ON c.customer_id = a.customer_id
LEFT JOIN _ages_then AS g ON g.customer_id = a.customer_id
LEFT JOIN nodes AS n ON n.party_id = a.customer_id
LEFT JOIN influencers AS i ON i.customer_id = a.customer_id AND i.definition = $definition AND i."rank" = 1
LEFT JOIN matches AS m ON m.customer_id = a.customer_id AND m.arm = 'own_face'
WHERE a.experiment_id = $experiment_id
