#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Makes tables of what the benchmarks have measured: medians of the rounds, and ratios to a peer.

  report.py RESULTS...                     prints the tables
  report.py --write DOCUMENT RESULTS...    puts them, as Markdown, between the marks of a document:
                                           <!-- bench:begin NAME --> and <!-- bench:end NAME -->
  report.py --convert FILE...              prints, as lines of results, what a program with Google
                                           benchmark wrote with --benchmark_out_format=json
  report.py --machine ROOT --compiler COMMAND --flags TEXT --command TEXT --number N
                                           prints a line of results that tells the machine, its
                                           versions and how busy it is with other things

RESULTS are lines of JSON, as reporting/results.py has them. A ratio is the median of the ratios of
each round, in which one thing is measured after the other. Exits with 1 and a text when a file is
not what it should be.
"""

import argparse
import json
import re
import sys

sys.dont_write_bytecode = True  # nothing of it belongs into the source folder

from reporting import google, machine, results, tables


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="DOCUMENT", help="the document with the marks")
    parser.add_argument("--convert", action="store_true", help="the files are those of Google benchmark")
    parser.add_argument("--machine", metavar="ROOT", help="tell the machine, and the commit of this folder")
    parser.add_argument("--compiler", default="c++", help="what has compiled the programs")
    parser.add_argument("--flags", default="", help="with which options")
    parser.add_argument("--command", default="", help="what was started to measure")
    parser.add_argument("--number", type=int, default=0, help="of this look at the machine")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    if bool(arguments.files) == bool(arguments.machine):
        parser.error("name files with results, or --machine")
    return arguments


def written(document, made):
    """The document with the tables in their places. Raises BadResults when a table has none."""
    for table in made:
        begin, end = f"<!-- bench:begin {table.name} -->", f"<!-- bench:end {table.name} -->"
        if document.count(begin) != 1 or document.count(end) != 1 or document.index(begin) > document.index(end):
            raise results.BadResults(f"the document has not once '{begin}' and after it '{end}'")
        head, rest = document.split(begin)
        document = f"{head}{begin}\n\n{table.markdown()}\n\n{end}{rest.split(end)[1]}"
    return document


def write(path, made):
    try:
        with open(path, encoding="utf-8") as text:
            document = text.read()
        marked = re.findall(r"<!-- bench:begin (\w+) -->", document)
        missing = set(marked) - {table.name for table in made}
        if missing:
            raise results.BadResults(f"{path} has places for what was not measured: {', '.join(sorted(missing))}")
        document = written(document, made)
        with open(path, "w", encoding="utf-8") as out:
            out.write(document)
    except OSError as error:
        raise results.BadResults(f"{path}: {error}") from None


def run(arguments):
    if arguments.machine:
        print(json.dumps(machine.describe(arguments.machine, arguments.compiler, arguments.flags,
                                          arguments.command, arguments.number)))
    elif arguments.convert:
        for path in arguments.files:
            for line in google.lines(path):
                print(json.dumps(line))
    else:
        made = tables.all_of(results.read(arguments.files))
        if not made:
            raise results.BadResults(f"{', '.join(arguments.files)}: no results of a benchmark that is known")
        if arguments.write:
            write(arguments.write, made)
        else:
            print("\n".join(table.text() for table in made), end="")


def main():
    arguments = parse_arguments()
    try:
        run(arguments)
    except results.BadResults as problem:
        sys.exit(f"report.py: {problem}")


if __name__ == "__main__":
    main()
