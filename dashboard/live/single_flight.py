"""One reading for all who ask the same at the same time: after a restart every page asks at once."""

from collections.abc import Callable, Hashable
from typing import Any

from gevent.event import AsyncResult
from gevent.lock import Semaphore


class InterruptedReadingError(Exception):
    """Who read for this caller, too, was ended before there was an answer."""


class SingleFlight:
    """Readings of the database, few at a time, each begun after everyone who gets it has asked."""

    def __init__(self, max_concurrent: int) -> None:
        """Leave the other connections of the pool to those who do not wait here."""
        self._slots = Semaphore(max_concurrent)
        self._gathering: dict[Hashable, AsyncResult[Any]] = {}
        """Readings that have not begun: whoever comes now may still join."""

    def read(self, question: Hashable, read: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Return what `read` returns, or raise what it raises, for this caller or another with the same question.

        Raises InterruptedReadingError if that other one is ended meanwhile.
        """
        if (shared := self._gathering.get(question)) is None:
            shared = self._gathering[question] = AsyncResult()
            try:
                with self._slots:
                    del self._gathering[question]
                    shared.set(read())
            except Exception as error:  # noqa: BLE001 - each of those who wait hears of it
                shared.set_exception(error)
            except BaseException:
                # Who reads, or waits for its turn, is ended; the others are not, and must not wait for ever.
                if self._gathering.get(question) is shared:
                    del self._gathering[question]
                shared.set_exception(InterruptedReadingError())
                raise
        return shared.get()
