-- Grain: segmentation x segment x arm x whether the customer acted, of one experiment. Customers.
-- The segments are those of `experiment/segments` as the analysis cuts them: numbers into equal groups by their rank.
-- Reads: experiment_known, first_acts.
WITH known AS (
    SELECT
        k.arm,
        f.customer_id IS NOT NULL AS acted,
        coalesce(k.residence, 'unknown') AS residence,
        CASE
            WHEN k.age < 30 THEN 'under 30'
            WHEN k.age < 45 THEN '30 to 44'
            WHEN k.age < 60 THEN '45 to 59'
            WHEN k.age >= 60 THEN '60 and over'
            ELSE 'unknown'
        END AS age_band,
        k.centrality AS influence,
        k.tie_share AS tie_strength,
        k.likeness AS similarity
    FROM experiment_known AS k
    LEFT JOIN first_acts AS f ON f.customer_id = k.customer_id
),

ranked AS (
    SELECT
        *,
        rank() OVER (ORDER BY influence NULLS LAST) AS tenth_place,
        nullif(count(influence) OVER (), 0) AS tenth_of,
        rank() OVER (ORDER BY tie_strength NULLS LAST) AS tie_quarter_place,
        nullif(count(tie_strength) OVER (), 0) AS tie_quarter_of,
        rank() OVER (ORDER BY similarity NULLS LAST) AS likeness_quarter_place,
        nullif(count(similarity) OVER (), 0) AS likeness_quarter_of
    FROM known
),

placed AS (
    SELECT
        *,
        CAST(floor((tenth_place - 1) * 10.0 / tenth_of) AS INTEGER) AS tenth,
        CAST(floor((tie_quarter_place - 1) * 4.0 / tie_quarter_of) AS INTEGER) AS tie_quarter,
        CAST(floor((likeness_quarter_place - 1) * 4.0 / likeness_quarter_of) AS INTEGER) AS likeness_quarter
    FROM ranked
),

long AS (
    SELECT 'residence' AS by_what, residence AS segment, arm, acted FROM placed
    UNION ALL
    SELECT 'age_band' AS by_what, age_band AS segment, arm, acted FROM placed
    UNION ALL
    SELECT
        'influence' AS by_what,
        CASE WHEN influence IS NULL THEN 'unknown' ELSE lpad(CAST(tenth + 1 AS VARCHAR), 2, '0') END AS segment,
        arm,
        acted
    FROM placed
    UNION ALL
    SELECT
        'tie_strength' AS by_what,
        CASE WHEN tie_strength IS NULL THEN 'unknown' ELSE lpad(CAST(tie_quarter + 1 AS VARCHAR), 2, '0') END
            AS segment,
        arm,
        acted
    FROM placed
    UNION ALL
    SELECT
        'similarity' AS by_what,
        CASE WHEN similarity IS NULL THEN 'unknown' ELSE lpad(CAST(likeness_quarter + 1 AS VARCHAR), 2, '0') END
            AS segment,
        arm,
        acted
    FROM placed
)

SELECT by_what, segment, arm, acted, count(*) AS customers
FROM long
GROUP BY by_what, segment, arm, acted
ORDER BY by_what, segment, arm, acted
