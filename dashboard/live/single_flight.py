"""Single flight: callers with the same question at the same time share one read, as all pages do after a restart."""

from collections.abc import Callable, Hashable
from typing import Any

from gevent.event import AsyncResult
from gevent.lock import Semaphore

MAX_CONCURRENT = 4


class InterruptedReadingError(Exception):
    """The greenlet that read for this caller, too, was killed before it had an answer."""


class SingleFlight:
    """Shared reads of the database. Each begins after all its callers have asked, so that none gets an old answer."""

    def __init__(self, max_concurrent: int = MAX_CONCURRENT) -> None:
        """At most `max_concurrent` reads run at a time; the pool's other connections stay free for requests."""
        self._slots = Semaphore(max_concurrent)
        self._pending: dict[Hashable, AsyncResult[Any]] = {}
        """The reads that have not begun, which more callers can still join."""

    def read(self, question: Hashable, read: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Return the result of `read`, or raise its exception, from this call or a shared one with the same question.

        Raises InterruptedReadingError if the greenlet that makes the shared call is killed.
        """
        if (shared := self._pending.get(question)) is None:
            shared = self._pending[question] = AsyncResult()
            try:
                with self._slots:
                    del self._pending[question]
                    shared.set(read())
            except Exception as error:  # noqa: BLE001 - raised again for each caller
                shared.set_exception(error)
            except BaseException:
                # This greenlet is killed while it reads or waits for a slot; the other callers must not wait for ever.
                if self._pending.get(question) is shared:
                    del self._pending[question]
                shared.set_exception(InterruptedReadingError())
                raise
        return shared.get()
