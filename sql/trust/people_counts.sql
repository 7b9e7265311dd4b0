-- What changes with whatever may forbid something: rows that tell of people, and files that came in.
-- Grain: one row. Reads: optouts, objections, consents, customers, photos, offers, sources, runs.
SELECT
    (SELECT count(*) FROM optouts) AS optouts,
    (SELECT count(*) FROM objections) AS objections,
    (SELECT count(*) FROM consents) AS consents,
    (SELECT count(*) FROM customers) AS customers,
    (SELECT count(*) FROM photos) AS photos,
    (SELECT count(*) FROM offers) AS offers,
    (SELECT count(*) FROM sources) AS sources,
    (SELECT count(*) FROM runs) AS runs
