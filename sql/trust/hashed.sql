-- Names and their hashes. Grain: name. Reads: _whos.
SELECT name, who FROM _whos ORDER BY name
