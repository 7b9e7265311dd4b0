"""The command line `kindred`: parses, calls one engine function, prints. No logic."""
