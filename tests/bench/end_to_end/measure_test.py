#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Which of several tries counts."""

import sys
import unittest

sys.dont_write_bytecode = True

from measure import least_disturbed


class LeastDisturbedTest(unittest.TestCase):
    def chosen(self, *other_cores, most_tries=3):
        """The number of the try that counts, and how many there were."""
        tries = iter([{"number": number, "other_cores": cores} for number, cores in enumerate(other_cores)])
        values = least_disturbed(lambda: next(tries), most_tries)
        return values["number"], len(other_cores) - len(list(tries))

    def test_a_quiet_run_counts_at_once(self):
        self.assertEqual(self.chosen(0.1, 0.0, 0.0), (0, 1))

    def test_a_disturbed_run_is_made_again(self):
        self.assertEqual(self.chosen(0.5, 0.02, 0.0), (1, 2))

    def test_of_disturbed_runs_alone_the_least_counts(self):
        self.assertEqual(self.chosen(0.5, 0.3, 0.4, 0.0), (1, 3))
        self.assertEqual(self.chosen(0.5, 0.0, most_tries=1), (0, 1))

    def test_what_does_not_tell_counts_at_once(self):
        self.assertEqual(least_disturbed(lambda: {"p50_us": 1.0}, 3), {"p50_us": 1.0})


if __name__ == "__main__":
    unittest.main()
