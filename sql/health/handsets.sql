-- Types of handsets that the call records name, and how many of them the table of devices does not know.
-- Grain: one row. Reads: events, devices.
WITH seen AS (
    SELECT caller_tac AS tac FROM events WHERE caller_tac IS NOT NULL
    UNION
    SELECT callee_tac AS tac FROM events WHERE callee_tac IS NOT NULL
)

SELECT
    count(*)::BIGINT AS tacs,
    count(CASE WHEN d.tac IS NULL THEN 1 END)::BIGINT AS unknown,
    (SELECT count(*) FROM devices)::BIGINT AS devices
FROM seen AS s
LEFT JOIN devices AS d ON s.tac = d.tac
