-- Takes out what is about to be noted anew. Grain: delete. Reads: ads. Writes: deliveries.
DELETE FROM deliveries
WHERE erased AND ad_id IN (SELECT a.ad_id FROM ads AS a)
