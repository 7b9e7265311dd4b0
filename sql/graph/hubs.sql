-- Grain: party that is not a person (METHODS section 1). Table `hubs`.
-- Reads: pairs, pair_days, parties. Params: since, as_of (dates), contacts_per_month, degree_quantile, mutual_share.
-- many_contacts: more distinct contacts than any person has in one of the 30-day months counted back from as_of.
-- one_way: degree above the quantile (the smallest degree that this share of the parties does not exceed, so that
-- small graphs have no such hub) and few contacts with traffic both ways.
WITH ends AS (
    SELECT a AS node, s_ab IS NOT NULL AND s_ba IS NOT NULL AS mutual FROM pairs
    UNION ALL
    SELECT b AS node, s_ab IS NOT NULL AND s_ba IS NOT NULL AS mutual FROM pairs
),

degrees AS (
    SELECT node, count(*) AS contacts, CAST(count(CASE WHEN mutual THEN 1 END) AS DOUBLE) / count(*) AS mutual_share
    FROM ends
    GROUP BY node
),

busy AS (
    SELECT node FROM degrees WHERE contacts > $contacts_per_month
),

months AS (
    SELECT p.src AS node, CAST(floor((date_diff('day', p.day, $as_of) - 1) / 30.0) AS INTEGER) AS month, p.dst AS other
    FROM pair_days AS p
    WHERE p.day >= $since AND p.day < $as_of AND p.src IN (SELECT node FROM busy)
    UNION
    SELECT p.dst AS node, CAST(floor((date_diff('day', p.day, $as_of) - 1) / 30.0) AS INTEGER) AS month, p.src AS other
    FROM pair_days AS p
    WHERE p.day >= $since AND p.day < $as_of AND p.dst IN (SELECT node FROM busy)
),

crowded AS (
    SELECT DISTINCT node
    FROM (
        SELECT m.node, m.month
        FROM months AS m
        WHERE m.other NOT IN (SELECT q.node FROM parties AS q WHERE q.opted_out)
        GROUP BY m.node, m.month
        HAVING count(*) > $contacts_per_month
    ) AS counted
),

counted AS (
    SELECT contacts, sum(count(*)) OVER (ORDER BY contacts) AS up_to, sum(count(*)) OVER () AS parties
    FROM degrees
    GROUP BY contacts
),

limits AS (
    SELECT min(contacts) AS degree FROM counted WHERE up_to >= $degree_quantile * parties
)

SELECT
    d.node,
    d.contacts,
    d.mutual_share,
    CASE WHEN c.node IS NOT NULL THEN 'many_contacts' ELSE 'one_way' END AS reason
FROM degrees AS d
LEFT JOIN crowded AS c ON c.node = d.node
CROSS JOIN limits AS l
WHERE c.node IS NOT NULL OR (d.contacts > l.degree AND d.mutual_share < $mutual_share)
