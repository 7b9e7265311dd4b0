-- Defines log_time: text in one of some strptime formats, in a time zone, to UTC.
-- Grain: macro. Params of the macro: the value, formats, zone and epoch (value, formats and zone are used).
CREATE OR REPLACE TEMP MACRO log_time(value, formats, zone, epoch) AS
timezone('UTC', timezone(zone, try_strptime(trim(value::VARCHAR), formats)::TIMESTAMP))
