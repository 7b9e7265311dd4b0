-- People by the hash they have on the list of objections. Grain: name. Reads: _people (name). Params: $salt, 32 bytes.
SELECT name, left(sha256($salt::BLOB || encode(name)), 32) AS who FROM _people
