"""How each provider counts a request: one file a family, each from its own block to categories that are disjoint."""
