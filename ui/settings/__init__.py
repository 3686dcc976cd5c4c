"""The place where the till is set up, a section for each thing."""
