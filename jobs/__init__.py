"""Work that outlives a request: exports, with the files they make, and audits."""
