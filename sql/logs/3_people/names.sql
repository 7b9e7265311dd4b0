-- Defines the view _log_names: how a file's parties are known, by their ids as texts.
-- Grain: distinct raw id. Reads: _log_ids.
CREATE OR REPLACE TEMP VIEW _log_names AS SELECT raw AS id, raw, party_id, is_short, is_number, is_code, problem FROM _log_ids
