"""The kinds of account, a file each: having read one you can read any."""
