"""Everything that can be wrong with a job, as one hierarchy."""


class JobError(Exception):
    """Base of the errors of this layer; its message may be shown to the person who asked."""


class InvalidRequestError(JobError):
    """Raised when what was asked for cannot be exported or audited; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TooManyJobsError(JobError):
    """Raised when an account already waits for as many jobs of a kind as it may."""


class JobNotFoundError(JobError):
    """Raised when there is no such job, or it is not the viewer's: the two look alike."""


class JobFinishedError(JobError):
    """Raised when a job that has ended is asked to end otherwise."""


class JobRefusedError(JobError):
    """Raised by work that cannot succeed however often it is tried."""


class NotYetIncludedError(JobError):
    """Raised when the read models did not include in time what a job has to show; a later attempt may find it there."""


class AttemptSupersededError(JobError):
    """Raised when a worker acts on a job it no longer holds: cancelled, or taken over by a later attempt."""


class AttemptTooLongError(JobError):
    """Raised when one attempt at a job takes longer than it may."""


class WorkerStoppingError(JobError):
    """Raised inside an attempt when its worker was told to stop."""


class ProcessFailedError(JobError):
    """Raised when the process that does the work failed or died; the details are in the worker's log."""


class LinkError(JobError):
    """Raised when a download link is not, or is no longer, good for this file and account. It never says which."""

    def __init__(self) -> None:
        super().__init__("This download link is not good (any more): ask for a new link.")


class UnknownBrokerError(JobError):
    """Raised when BROKER_URL has a scheme that is neither RabbitMQ's nor Redis's."""
