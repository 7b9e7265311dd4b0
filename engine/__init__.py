"""Kindred's engine: from call logs to the face and the offer that persuade. See engine/README.md for the house."""

__version__ = "0.1.0"
