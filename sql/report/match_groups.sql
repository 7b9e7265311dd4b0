-- Grain: group column x group x arm. Customers of the arm, those matched, mean percentile of the matches.
-- Groups are what the customers table says (gender, age band); nothing is inferred from faces.
-- Reads: matches, customers, _ages.
WITH people AS (
    SELECT
        m.arm,
        m.status = 'matched' AS matched,
        m.percentile,
        coalesce(c.gender, 'not known') AS gender,
        CASE
            WHEN a.age IS NULL THEN 'not known'
            WHEN a.age < 25 THEN 'under 25'
            WHEN a.age < 45 THEN '25-44'
            WHEN a.age < 65 THEN '45-64'
            ELSE '65+'
        END AS age_band
    FROM matches AS m
    LEFT JOIN customers AS c ON c.customer_id = m.customer_id
    LEFT JOIN _ages AS a ON a.customer_id = m.customer_id
)

SELECT
    'gender' AS group_by,
    gender AS "group",
    arm,
    count(*) AS customers,
    count(CASE WHEN matched THEN 1 END) AS matched,
    CAST(avg(CASE WHEN matched THEN CAST(percentile AS DECIMAL(18, 9)) END) AS DOUBLE) AS percentile
FROM people
GROUP BY gender, arm
UNION ALL
SELECT
    'age' AS group_by,
    age_band AS "group",
    arm,
    count(*) AS customers,
    count(CASE WHEN matched THEN 1 END) AS matched,
    CAST(avg(CASE WHEN matched THEN CAST(percentile AS DECIMAL(18, 9)) END) AS DOUBLE) AS percentile
FROM people
GROUP BY age_band, arm
ORDER BY group_by, "group", arm
