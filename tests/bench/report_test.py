#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""What report.py and plot.py make of lines that are known."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import plot
import report
from reporting import google, scaling, tables
from reporting.results import BadResults, Results, Seen, difference, ratio, read
from reporting.table import Table, digits, rate, share, spread


def line(name, number, part="end_to_end", peer="", values=None, **parameters):
    return {"part": part, "name": name, "peer": peer, "parameters": parameters, "round": number, "values": values}


def load(name, number, size=256, rate_=0.0, cpu=0.0, **more):
    """Of end_to_end; the floor has no socket."""
    parameters = {"bytes": size, "workers": 1, **({} if name == "floor" else {"socket": "PUSH"}), **more}
    return line(name, number, values={"messages_per_s": rate_, "rsyslogd_us": cpu}, **parameters)


def topics(costs):
    return Results(line("omzmq packed", 0, "topics", values={"sending_us": cost}, topics=at, order="zipf")
                   for at, cost in costs.items())


class ResultsTest(unittest.TestCase):
    def test_a_ratio_is_that_of_each_round_and_not_of_the_medians(self):
        results = Results([load("omczmq", 0, rate_=100.0), load("omzmq raw", 0, rate_=200.0),
                           load("omczmq", 1, rate_=10.0), load("omzmq raw", 1, rate_=30.0),
                           load("omczmq", 2, rate_=50.0), load("omzmq raw", 2, rate_=50.0)])
        row, peer = (results.find("end_to_end", name) for name in ("omzmq raw", "omczmq"))
        self.assertEqual(ratio(row, peer, "messages_per_s"), Seen(2.0, 1.0, 3.0, 3))
        self.assertEqual(difference(row, peer, "messages_per_s"), Seen(20.0, 0.0, 100.0, 3))

    def test_a_round_without_the_peer_is_not_compared(self):
        results = Results([load("omczmq", 0, rate_=100.0), load("omzmq raw", 0, rate_=200.0),
                           load("omzmq raw", 1, rate_=900.0)])
        row, peer = (results.find("end_to_end", name) for name in ("omzmq raw", "omczmq"))
        self.assertEqual(ratio(row, peer, "messages_per_s"), Seen(2.0, 2.0, 2.0, 1))

    def test_a_peer_has_the_same_size_and_is_the_most_similar(self):
        results = Results([load("floor", 0, size=80), load("floor", 0), load("floor", 0, workers=4),
                           load("omzmq packed", 0, workers=4)])
        row = results.find("end_to_end", "omzmq packed")
        self.assertEqual(results.nearest(row, "floor").parameters, {"bytes": 256, "workers": 4})
        self.assertIsNone(results.nearest(row, "omczmq"))

    def test_what_is_sent_with_a_window_has_a_peer_with_one(self):
        results = Results(line(name, 0, "pipeline", peer, {"messages_per_s": 1.0}, workers=1, **window)
                          for name, peer, window in (("frames", "", {}), ("frames", "", {"window": 8}),
                                                     ("omzmq", "frames", {"window": 8}),
                                                     ("omzmq", "frames", {"window": 9})))
        peers = [results.peer_of(row) for row in results.of("pipeline") if row.peer]
        self.assertEqual(peers[0].parameters, {"workers": 1, "window": 8})
        self.assertIsNone(peers[1])

    def test_a_bad_line_is_named(self):
        for text, said in (("{", ":2: no JSON"), ("[]", ":2: 'part'"),
                           (json.dumps(line("a", 0, values={"x": "fast"})), "the value 'x' is 'fast'")):
            with self.subTest(text), tempfile.TemporaryDirectory() as directory:
                path = os.path.join(directory, "results")
                with open(path, "w", encoding="utf-8") as out:
                    out.write("\n" + text + "\n")
                with self.assertRaisesRegex(BadResults, said):
                    read([path])
        with self.assertRaisesRegex(BadResults, "/nowhere/at/all"):
            read(["/nowhere/at/all"])


class TablesTest(unittest.TestCase):
    def test_known_lines_give_the_known_table(self):
        made = tables.end_to_end(Results(
            [load("floor", number, rate_=400e3, cpu=1.0) for number in range(3)]
            + [load("omczmq", number, rate_=200e3, cpu=2.0) for number in range(3)]
            + [load("omzmq raw", number, rate_=rate_, cpu=cpu)
               for number, (rate_, cpu) in enumerate(((190e3, 1.5), (180e3, 2.5), (210e3, 1.5)))]))
        self.assertEqual(made.markdown().split("\n")[2:5], [
            "| 256 B | floor | 400 k (400 k to 400 k) | - | - | - | 1.00 | - | - | - | - |",
            "| 256 B, PUSH | omczmq | 200 k (200 k to 200 k) | 0.500 | - | - | 2.00 | +1.00 | - | - | - |",
            "| 256 B, PUSH | omzmq raw | 190 k (180 k to 210 k) | 0.475 | 0.950 (0.900 to 1.05) | - | 1.50 | +0.500 "
            "| - | - | (rate) |"])

    def test_what_is_slower_in_each_round_is_marked_for_sure(self):
        made = tables.end_to_end(Results(
            [load("omczmq", number, rate_=200e3, cpu=2.0) for number in range(2)]
            + [load("omzmq raw", number, rate_=100e3, cpu=3.0) for number in range(2)]))
        self.assertEqual(made.rows[1][-1], "rate, rsyslogd's CPU")

    def test_the_transport_is_what_its_threads_add(self):
        def with_threads(name, workers, sender, io):
            found = load(name, 0)
            found["values"].update(input_us=1.0, worker_us=workers, sender_us=sender, io_us=io, other_us=0.0)
            return found

        made = tables.threads(Results([with_threads("floor", 0.5, 0.0, 0.0),
                                       with_threads("omzmq packed", 0.75, 0.125, 0.0625)]))
        self.assertEqual([row[-2] for row in made.rows], ["-", "+0.438"])

    def test_a_goal_is_reached_in_part_where_one_size_misses_it(self):
        rows = {row[0]: row for row in tables.all_of(Results(
            load(name, 0, size=size, rate_=rate_, cpu=1.0) for size in (80, 256)
            for name, rate_ in (("floor", 100.0), ("bare libzmq frames", 97.0), ("omzmq lines", 99.0),
                                ("omzmq packed", 96.0 if size == 80 else 50.0))))[0].rows}
        self.assertEqual(rows["S1"][2:], ["packed 80 B 0.960; packed 256 B 0.500; lines 80 B 0.990; lines 256 B 0.990 "
                                          "(bare libzmq frames: 0.970 and 0.970)",
                                          "in part"])
        self.assertEqual(rows["S2"][2:], ["80 B 0.000; 256 B 0.000", "yes"])
        self.assertEqual(rows["S8"][2:], ["not measured", "-"])

    def test_numbers_have_three_digits(self):
        self.assertEqual([digits(number) for number in (0.0049, 0.25, 1.0, 9.996, 99.96, 12345.6)],
                         ["0.005", "0.250", "1.00", "10.0", "100", "12,346"])
        self.assertEqual([rate(number) for number in (None, 950, 5.123e6, 45e3)], ["-", "950", "5.12 M", "45.0 k"])
        self.assertEqual([share(number) for number in (None, 0, 0.0123, 0.4)], ["-", "0", "1.2 %", "40 %"])
        self.assertEqual(spread(Seen(1.0, 0.5, 2.0, 3)), "1.00 (0.500 to 2.00)")


class CurvesTest(unittest.TestCase):
    def said(self, costs):
        return scaling.sentence(scaling.topics(topics(costs)).curves[0], "topics")

    def test_a_bend_is_found_where_the_cost_grows_most(self):
        self.assertEqual(self.said({1: 0.4, 10: 0.4, 100: 0.5, 1000: 1.0, 10000: 1.2}),
                         "omzmq packed, zipf: stays within 1.5 times that of 1 up to 100 topics, bends up most at 100 "
                         "(1.25 times from 10 to it, 2.00 times from it to 1,000), is 3.00 times that of 1 at 10,000.")

    def test_a_straight_line_has_no_bend(self):
        self.assertEqual(self.said({1: 1.0, 10: 10.0, 100: 100.0}),
                         "omzmq packed, zipf: rises evenly, is 100 times that of 1 at 100.")

    def test_a_flat_curve_is_called_flat(self):
        self.assertEqual(self.said({1: 1.0, 10: 1.1, 100: 0.9}),
                         "omzmq packed, zipf: stays within 1.5 times that of 1 topics, "
                         "is 0.900 times that of 1 at 100.")

    def test_a_curve_may_fall_first(self):
        self.assertEqual(self.said({1: 1.0, 2: 0.25, 4: 1.0}),
                         "omzmq packed, zipf: falls to 0.250 times that of 1 until 2 topics, rises evenly, is 1.00 "
                         "times that of 1 at 4.")

    def test_a_step_at_the_start_is_no_bend_behind_it(self):
        self.assertEqual(self.said({1: 1.0, 2: 2.0, 4: 2.1, 8: 2.0, 16: 2.3}),
                         "omzmq packed, zipf: rises most between 1 and 2 (2.00 times), is 2.30 times that of 1 at 16.")

    def test_actions_are_compared_with_as_many_of_the_floor(self):
        results = Results(line(name, 0, "actions", "" if name == "floor" else "floor",
                               {"rsyslogd_us": cost * number}, bytes=256, actions=number)
                          for number in (1, 4) for name, cost in (("floor", 2.0), ("omzmq packed", 2.5)))
        over = scaling.actions(results).curves[-1]
        self.assertEqual([(at, seen.median) for at, seen in over.points], [(1, 0.5), (4, 0.5)])


class ReportTest(unittest.TestCase):
    TABLE = Table("lane", "The lane", ["what"], [["a | b"]])

    def test_only_what_is_between_the_marks_is_replaced(self):
        document = "before\n<!-- bench:begin lane -->\nold\n<!-- bench:end lane -->\nafter\n"
        once = report.written(document, [self.TABLE])
        self.assertEqual(once, "before\n<!-- bench:begin lane -->\n\n| what |\n|---|\n| a \\| b |\n\n"
                               "<!-- bench:end lane -->\nafter\n")
        self.assertEqual(report.written(once, [self.TABLE]), once)

    def test_a_table_without_a_place_is_refused(self):
        for document in ("", "<!-- bench:end lane -->\n<!-- bench:begin lane -->\n",
                         "<!-- bench:begin lane --><!-- bench:end lane -->" * 2):
            with self.assertRaisesRegex(BadResults, "bench:begin lane"):
                report.written(document, [self.TABLE])

    def test_the_document_of_the_tree_has_a_place_for_each_table(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "benchmarks.md")
        with open(path, encoding="utf-8") as document:
            text = document.read()
        for name in ("goals", "machine", "end_to_end", "threads", "latency", "stalls", "pipeline", "lane", "encoder",
                     "sender", "codec", "topics", "subscribers", "actions", "sizes"):
            report.written(text, [Table(name, name, ["x"], [])])

    def test_google_benchmark_is_converted(self):
        run = {"run_name": "two_threads/lane/1024/real_time", "run_type": "iteration", "repetition_index": 2,
               "items_per_second": 2e7}
        said = {"context": {"executable": "/somewhere/lane_bench"},
                "benchmarks": [run, {**run, "run_type": "aggregate"}, {**run, "error_occurred": True}]}
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "lane.json")
            with open(path, "w", encoding="utf-8") as out:
                json.dump(said, out)
            self.assertEqual(google.lines(path), [
                {"part": "micro", "name": "two_threads/lane", "peer": "two_threads/mutex",
                 "parameters": {"program": "lane_bench", "argument": 1024}, "round": 2,
                 "values": {"items_per_s": 2e7, "ns": 50.0}}])
            with open(path, "w", encoding="utf-8") as out:
                out.write("{}")
            with self.assertRaisesRegex(BadResults, "lane.json"):
                google.lines(path)


class PlotTest(unittest.TestCase):
    def test_a_curve_has_its_points_and_named_axes(self):
        made = plot.scripts(topics({1: 0.4, 1000: 1.5}), "/out")
        self.assertEqual(list(made), ["topics"])
        self.assertIn("set output '/out/topics.svg'", made["topics"])
        self.assertIn("1 0.4 0.4 0.4\n1000 1.5 1.5 1.5\nEND", made["topics"])
        self.assertIn("set xlabel 'topics'\nset ylabel 'µs of CPU a message'", made["topics"])

    def test_noise_below_zero_is_not_drawn(self):
        points = [(1, Seen(-1.0, -2.0, 1.0, 3)), (2, Seen(1.0, -1.0, 2.0, 3)), (4, Seen(4.0, 2.0, 5.0, 3))]
        made = plot.curve_script(scaling.Chart("x", "x", "x", "x", [scaling.Curve("one", points)]), "out")
        self.assertIn("$curve0 << END\n2 1 0.5 2\n4 4 2 5\nEND\n", made)
        self.assertIn("set yrange [0.5:*]", made)

    def test_the_comparison_shows_what_was_measured_and_nothing_else(self):
        made = plot.scripts(Results([load("floor", 0, rate_=4e5, cpu=1.0),
                                     load("omzmq raw", 0, rate_=2e5, cpu=2.0)]), "")
        self.assertIn('"256 B" 400 400 400 200 200 200\n', made["end_to_end"])
        self.assertNotIn("omczmq", made["end_to_end"])

    def test_gnuplot_missing_is_told(self):
        path, os.environ["PATH"] = os.environ["PATH"], "/nowhere"
        try:
            with tempfile.TemporaryDirectory() as directory, contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaisesRegex(BadResults, "gnuplot-nox"):
                    plot.draw({"topics": "plot x"}, directory)
        finally:
            os.environ["PATH"] = path


if __name__ == "__main__":
    unittest.main()
