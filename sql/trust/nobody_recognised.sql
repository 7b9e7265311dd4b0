-- The list of objections is empty: nobody is on it. Grain: none. Reads: objections.
SELECT who AS name, purpose, "at" FROM objections WHERE false
