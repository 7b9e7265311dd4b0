-- How many imports and deletions there have been. Grain: one row. Reads: sources.
SELECT coalesce(max("number"), 0) AS imports FROM sources
