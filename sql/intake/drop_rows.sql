-- Takes some rows out of what files said. Grain: delete. Reads: _readings_gone (source_id, row_number). Writes: readings.
DELETE FROM readings
WHERE EXISTS (SELECT 1 FROM _readings_gone AS g WHERE g.source_id = readings.source_id AND g.row_number = readings.row_number)
