-- The people of a file of consents. Grain: name. Reads: _consenting.
SELECT name FROM _consenting
