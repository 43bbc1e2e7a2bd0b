"""What is written once for both halves, and that both offer the same."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, List

import pytest

import seaway
from seaway import aio
from seaway._blocking import blocking, run


class Counter:
    """Has a step of its own, as a layer has."""

    def __init__(self) -> None:
        self.count = 0

    async def _add(self, number: int = 1, *, fail: bool = False) -> int:
        """Adds."""
        if fail:
            raise LookupError(number)
        self.count += number
        return self.count

    add = blocking(_add)


def test_a_coroutine_becomes_a_method_that_returns_and_raises_what_it_does() -> None:
    counter = Counter()
    assert (counter.add(2), counter.add(number=3), run(counter._add())) == (2, 5, 6)
    with pytest.raises(LookupError, match="7"):
        counter.add(7, fail=True)
    assert counter.count == 6


def test_it_is_a_plain_function_with_the_names_and_words_of_the_coroutine() -> None:
    assert not inspect.iscoroutinefunction(Counter.add)
    assert (Counter.add.__name__, Counter.add.__doc__) == ("add", "Adds.")
    assert str(inspect.signature(Counter().add)) == "(number: 'int' = 1, *, fail: 'bool' = False) -> 'int'"


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_hook_that_would_wait_for_a_loop_is_a_bug_that_shows() -> None:
    async def wait() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for an event loop"):
        run(wait())
    with pytest.raises(RuntimeError, match="waits for an event loop"):
        blocking(wait)()


def offered(kind: Any) -> List[str]:
    """The public methods of a class and their parameters."""
    return sorted(
        f"{name}({', '.join(map(str, list(inspect.signature(method).parameters)[1:]))})"
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    )


@pytest.mark.parametrize(
    ("name", "of_one"),
    [
        ("Layer", {"post", "settle", "put_group"}),
        ("Channel", set()),
        ("Group", set()),
        ("Stream", set()),
        ("WebSocket", set()),
        ("WebSocketRoute", set()),
        ("WebSocketConsumer", set()),
        ("JsonWebSocketConsumer", set()),
        ("WebSocketDemultiplexer", set()),
        ("Worker", set()),
        ("Listening", {"begin", "notify"}),
    ],
)
def test_both_halves_offer_the_same(name: str, of_one: Any) -> None:
    halves = [
        [method for method in offered(getattr(module, name)) if method.partition("(")[0] not in of_one]
        for module in (seaway, aio)
    ]
    assert halves[0] == halves[1]
    assert halves[0]
