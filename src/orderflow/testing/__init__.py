"""The contract kit for plugin authors: subclass a contract, say how to open your part, and pytest checks every promise.

May import all of `orderflow`, and pytest; so it is never imported by `import orderflow`, and needs pytest installed.
"""

import pytest

_ROOMS = ("appending", "beside", "channel", "indexing", "loading", "opening", "owing", "sharing", "tenants")
pytest.register_assert_rewrite(*(f"orderflow.testing.{room}" for room in _ROOMS))  # a failure then shows the values

from orderflow.testing.channel import ChannelContract  # noqa: E402 - asserts are rewritten only in what comes later
from orderflow.testing.opening import Opening  # noqa: E402 - as above
from orderflow.testing.storage import StorageContract  # noqa: E402 - as above

__all__ = ["ChannelContract", "Opening", "StorageContract"]
