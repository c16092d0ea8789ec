"""The composition root: settings, commands, the web application, and the private Postgres. The only place that knows everything."""
