"""Measurements, each as a ratio to a named yardstick of the same run, so that they hold on any machine."""
