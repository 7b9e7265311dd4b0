-- Grain: unordered pair with contact in the window. Temporary table `rated`: table `ties` but for `overlap`.
-- Reads: pairs, hubs, same_handset, persons. Params: min_active_days, persons (whether a person's numbers are no contacts). METHODS section 2: reciprocity, weight, gate.
WITH summed AS (
    SELECT
        p.a,
        p.b,
        p.active_days,
        p.s_ab IS NOT NULL AND p.s_ba IS NOT NULL AS mutual,
        coalesce(p.s_ab, 0.0) + coalesce(p.s_ba, 0.0) AS total,
        2.0 * least(coalesce(p.s_ab, 0.0), coalesce(p.s_ba, 0.0)) AS balanced
    FROM pairs AS p
)

SELECT
    r.a,
    r.b,
    0.5 * (r.total + r.balanced) AS weight,
    CASE WHEN r.total > 0 THEN r.balanced / r.total ELSE 0.0 END AS reciprocity,
    r.active_days,
    CASE
        WHEN r.a IN (SELECT node FROM hubs) OR r.b IN (SELECT node FROM hubs) THEN 'hub'
        WHEN NOT r.mutual THEN 'one_way'
        WHEN r.active_days < $min_active_days THEN 'few_days'
        WHEN h.a IS NOT NULL THEN 'same_handset'
        WHEN n.a IS NOT NULL THEN 'same_person'
    END AS gated_because
FROM summed AS r
LEFT JOIN same_handset AS h ON h.a = r.a AND h.b = r.b
LEFT JOIN persons AS n ON $persons AND n.a = r.a AND n.b = r.b AND n.why <> 'split'
