-- Marks the ads handed out that show a face chosen after an erased person's. Grain: update.
-- Reads: ads, matches, _erased (name). Writes: deliveries.
UPDATE deliveries
SET erased = true
WHERE ad_id IN (
    SELECT a.ad_id
    FROM ads AS a
    INNER JOIN matches AS m ON a.customer_id = m.customer_id AND a.arm = m.arm
    INNER JOIN _erased AS e ON m.subject_id = e.name
)
