-- Whether consents, and customers, were ever imported: a file was, or there are some. Grain: one row.
-- Reads: sources, consents, customers.
SELECT
    EXISTS (SELECT 1 FROM sources WHERE target = 'consents') OR EXISTS (SELECT 1 FROM consents) AS consents,
    EXISTS (SELECT 1 FROM sources WHERE target = 'customers') OR EXISTS (SELECT 1 FROM customers) AS customers
