"""Pseudonyms, consent, erasure, audit: what lets privacy officers say yes."""
