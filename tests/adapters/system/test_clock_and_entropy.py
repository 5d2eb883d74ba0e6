"""This machine's time and chance."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.system.clock import SystemClock
from orcheo_adapters.system.entropy import SystemEntropy

STOCK = 4096
FORKING = """
import os
from orcheo_adapters.system.entropy import SystemEntropy
entropy = SystemEntropy()
print(entropy.random_bytes(8).hex(), flush=True)
child = os.fork()
if child:
    os.waitpid(child, 0)
print(entropy.random_bytes(8).hex(), flush=True)
"""


def test_the_clock_tells_the_time_in_utc() -> None:
    """Between two looks at the system's clock it says something between them, aware of its zone."""
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert before <= told <= datetime.now(UTC)
    assert told.tzinfo is UTC


@given(st.lists(st.sampled_from([0, 1, 8, 32, STOCK - 1, STOCK, STOCK + 1]), max_size=12))
def test_as_many_bytes_as_were_asked_for(counts: list[int]) -> None:
    """Whatever was asked for before, in whichever order."""
    entropy = SystemEntropy()
    assert [len(entropy.random_bytes(count)) for count in counts] == counts


@pytest.mark.parametrize("count", [8, 12, 32, 1000, STOCK, STOCK + 1])
def test_no_bytes_are_given_twice(count: int) -> None:
    """Neither by the same stock, nor by the next one, nor by another one."""
    entropies = [SystemEntropy(), SystemEntropy()]
    given = [entropy.random_bytes(count) for entropy in entropies for _ in range(2 * STOCK // count + 2)]
    assert len(set(given)) == len(given)


def test_what_is_given_is_no_part_of_what_is_given_later() -> None:
    """Each small request takes its bytes out of the stock, none overlaps with its neighbour."""
    entropy = SystemEntropy()
    whole = b"".join(entropy.random_bytes(8) for _ in range(STOCK // 8))
    assert len({whole[start : start + 8] for start in range(STOCK - 7)}) == STOCK - 7


def test_a_forked_process_begins_with_a_stock_of_its_own() -> None:
    """Parent and child do not make the same secrets out of what the parent had in stock.

    Findings: children inherit nothing.
    """
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, timeout=120)
    assert len(set(done.stdout.split())) == 3


def test_time_goes_by_whatever_the_clock_is_set_to() -> None:
    """It never goes back."""
    clock = SystemClock()
    before = clock.elapsed()
    assert timedelta(0) < before <= clock.elapsed()
