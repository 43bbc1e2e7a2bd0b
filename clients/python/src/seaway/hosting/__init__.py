"""Applications of other interfaces as workers, and the processes that they run in."""
