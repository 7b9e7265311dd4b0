-- Defines log_moment: the moment (UTC) at which a clock of UTC, or one so many minutes before it, shows a time.
-- Grain: macro. Params of the macro: what it shows; minutes or null; zone and gaps (not used).
CREATE OR REPLACE TEMP MACRO log_moment(shown, minutes, zone, gaps) AS
CASE WHEN minutes IS NULL THEN shown ELSE shown - to_minutes(minutes) END
