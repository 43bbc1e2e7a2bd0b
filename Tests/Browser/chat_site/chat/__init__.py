"""Rooms in which everybody reads what one says."""
