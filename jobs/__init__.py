"""Work that outlives a request: exports, and the files they make."""
