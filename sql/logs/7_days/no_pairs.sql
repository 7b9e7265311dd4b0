-- No pair of parties. Grain: pair. Reads: parties.
SELECT node AS a, node AS b FROM parties WHERE false
