"""The soak: programs that run for long in a process of their own, and say what grew meanwhile."""
