-- Grain: party and handset it was seen with, of handsets that two to $most parties had. Temporary table `person_devices`. Reads: events.
-- Params: most. More parties have a placeholder, or a handset of a shop.
WITH seen AS (
    SELECT caller AS node, caller_device AS device
    FROM events
    WHERE caller_device IS NOT NULL
    UNION
    SELECT callee AS node, callee_device AS device
    FROM events
    WHERE callee IS NOT NULL AND callee_device IS NOT NULL
)

SELECT s.node, s.device
FROM seen AS s
WHERE s.device IN (SELECT device FROM seen GROUP BY device HAVING count(*) BETWEEN 2 AND $most)
