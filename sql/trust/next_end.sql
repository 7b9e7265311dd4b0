-- When something that holds may end, or be overtaken by a newer event, next. Grain: one row. Reads: consents. Params: $moment.
SELECT min(happens_at) AS until
FROM (
    SELECT expires_at AS happens_at FROM consents
    UNION ALL
    SELECT withdrawn_at AS happens_at FROM consents
    UNION ALL
    SELECT granted_at AS happens_at FROM consents
) AS events
WHERE happens_at > $moment::TIMESTAMP
