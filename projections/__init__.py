"""Events become read models in Postgres: one file a read model, with its tables, how events change them, and what is asked of them."""
