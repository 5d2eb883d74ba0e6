"""A module whose import takes longer than a test waits."""

import time

time.sleep(20)
