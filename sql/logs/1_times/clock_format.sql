-- Defines log_clock: what a local clock shows, of text in one of some strptime formats without a zone, as a whole.
-- Grain: macro. Params of the macro: the value and the formats.
CREATE OR REPLACE TEMP MACRO log_clock(value, formats) AS
try_strptime(trim(value::VARCHAR), formats)::TIMESTAMP
