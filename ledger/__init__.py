"""The log: where facts are written once, in order, and read again by everything else."""
