"""A chat of rooms, of the shape of the tutorial of Django Channels."""
