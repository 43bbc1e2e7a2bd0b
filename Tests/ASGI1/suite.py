"""Runs asgiref 1.1.2's own tests of channel layers against Seaway's. The broker is what SEAWAY_BROKER says.

Its tests wait for one second until a message has expired. The last line counts.
"""

import sys
import unittest

from asgiref.conformance import ConformanceTestCase

from seaway.asgi1 import ChannelLayer


class SeawayLayer(ConformanceTestCase):
    """One layer for all tests, which empty it first."""

    expiry_delay = 1.1
    capacity_limit = 5
    channel_layer = ChannelLayer(expiry=1, group_expiry=2, capacity=5)


def main():
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(SeawayLayer)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
