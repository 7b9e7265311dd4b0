-- Defines the view _log_new: one file's rows of the pairs. Grain: row. Reads: _undo_file (row_id, ...).
CREATE OR REPLACE TEMP VIEW _log_new AS SELECT * FROM _undo_file
