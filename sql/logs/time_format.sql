-- Defines log_time: text in one of some strptime formats, UTC.
-- Grain: macro. Params of the macro: the value, formats, zone and epoch (value and formats are used).
CREATE OR REPLACE TEMP MACRO log_time(value, formats, zone, epoch) AS
try_strptime(trim(value::VARCHAR), formats)::TIMESTAMP
