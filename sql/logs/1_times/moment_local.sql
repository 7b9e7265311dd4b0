-- Defines log_moment: the moment (UTC) at which a clock of a time zone, or one so many minutes before UTC, shows a time;
-- infinity for a time that it skips. An hour that stands on it twice is read as one of the two.
-- Grain: macro. Params of the macro: what it shows; minutes or null; the zone; the hours of the day in which it ever skips
-- some (other rows need not be turned back to be compared).
CREATE OR REPLACE TEMP MACRO log_moment(shown, minutes, zone, gaps) AS
CASE
    WHEN minutes IS NOT NULL THEN shown - to_minutes(minutes)
    WHEN list_contains(gaps, hour(shown)) AND timezone(zone, timezone(zone, shown)) <> shown THEN 'infinity'::TIMESTAMP
    ELSE timezone('UTC', timezone(zone, shown))
END
