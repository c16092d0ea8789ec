"""Facts and rules: pure, exact, without I/O."""
