-- Who is on the list of objections, by name. Grain: name and purpose. Reads: _whos, objections.
SELECT w.name, o.purpose, o."at" FROM _whos AS w INNER JOIN objections AS o ON o.who = w.who
