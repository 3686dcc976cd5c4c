"""The tests; a package, as a library that is installed with its own `tests` would hide a folder."""
