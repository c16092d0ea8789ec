"""Options of a connection: those that the URL asks for stay, such as a role, and ours come behind them."""

from psycopg.conninfo import conninfo_to_dict


def options(database_url: str, own: str) -> str:
    """As libpq takes them. Where both set one thing, ours holds."""
    return f"{conninfo_to_dict(database_url).get('options') or ''} {own}".strip()
