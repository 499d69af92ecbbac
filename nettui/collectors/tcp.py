"""TCP state counts from a backend, and from psutil where the backend has no way left."""

from nettui.collectors.backend import Backend
from nettui.model.tcp import TcpCounts


class TcpReader:
    """Asks the backend first, each time: it knows itself which of its ways are worth another try."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def counts(self) -> TcpCounts:
        """How many sockets are in each state; `source` and `note` say how it was read and why not better.

        Raises OSError or ValueError when nobody can tell.
        """
        try:
            return await self._backend.tcp()
        except (OSError, ValueError) as error:
            if self._backend.name == "portable":
                raise
            refusal = error
        from nettui.portable.tcp import counts

        try:
            found = await counts()
        except (OSError, ValueError) as error:
            raise OSError(f"{refusal}; {error}") from error
        return TcpCounts(counts=found.counts, source=found.source, note=str(refusal))
