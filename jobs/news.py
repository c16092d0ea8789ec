"""Which jobs changed, passed on to all who follow one."""

from uuid import UUID

from jobs.job_states import CHANNEL
from ledger.followers import Followers, Place
from ledger.listening import Listener

MAX_FOLLOWERS = 1_000  # of one process
MAX_FOLLOWERS_PER_ACCOUNT = 100  # of them, of jobs of one account: it cannot take the place of all others


class JobNews:
    """News are hints: whoever gets one looks at the job. When some may have been missed, all followers look."""

    def __init__(self, listener: Listener) -> None:
        self._followers = Followers[UUID](
            "exports and audits", "ask for its state instead", most=MAX_FOLLOWERS, most_per_account=MAX_FOLLOWERS_PER_ACCOUNT
        )
        listener.on(CHANNEL, self._hear)

    def about(self, job_id: UUID, account_id: UUID) -> Place[UUID]:
        """Set whenever the job, which is of this account, may have changed. Raises TooManyFollowersError."""
        return self._followers.about(job_id, account_id)

    def _hear(self, payload: str | None) -> None:
        if payload is None:
            self._followers.tell_all()
        else:
            self._followers.tell(UUID(payload))
