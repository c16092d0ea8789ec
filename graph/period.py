"""A time that answers tell."""

from datetime import datetime

import strawberry


@strawberry.type(description="The half-open interval [from, to).")
class Period:
    from_: datetime = strawberry.field(name="from", description="Where it begins: what happens then is in it.")
    to: datetime = strawberry.field(description="Where it ends: what happens then is not in it.")
