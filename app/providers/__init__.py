"""Payment providers: one strategy each, all with the same verbs. They never touch the books."""
