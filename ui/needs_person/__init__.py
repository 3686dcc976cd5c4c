"""The place "needs a person": the list of what waits, and the ways out of each."""
