-- Grain: act of a person on a day. Reads: acts. In the order of people, days and acts.
SELECT DISTINCT
    a.customer_id AS party_id,
    a.act,
    local_day(a.at) AS day
FROM acts AS a
ORDER BY party_id, day, act
