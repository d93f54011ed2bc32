"""Extraction killed at numbered points: a helper process that forks who is to be killed."""
