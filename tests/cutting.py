"""Connections are cut, as an administrator does, by what they are called: those of this test's database, and of no other test's."""

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
