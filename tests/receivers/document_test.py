# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""docs/wire-format.md against the independent encoder and decoder.

document_test.py DOCUMENT
"""

import re
import sys
import unittest

import document
import packed

DOCUMENT = sys.argv.pop(1)


class TheExample(unittest.TestCase):
    def setUp(self):
        self.frames = document.frames(DOCUMENT)

    def assert_explained(self, lines, layout):
        """Each line of fields stands at its offset and says the name and the value."""
        data = b"".join(part for _, part, _ in lines)
        values = packed.fields_of(layout, data)
        at = 0
        for (name, _), (_, _, text) in zip(layout, lines):
            value = values[name]
            words = re.fullmatch(rf"{name} (\S+)(?:: .*)?", text)
            self.assertTrue(words, f"'{text}' does not explain {name}")
            said = words[1].encode() if name == "magic" else int(words[1], 0)
            self.assertEqual(said, value, text)
        for offset, part, text in lines:
            self.assertEqual(offset, at, text)
            at += len(part)

    def test_of_a_batch_decodes_to_what_is_said_of_it(self):
        frame, lines = self.frames["batch"]
        fields, records = packed.decode(frame)
        self.assert_explained(lines, packed.BATCH_FIELDS)
        said = [text for _, _, text in lines[len(packed.BATCH_FIELDS):]]
        wanted = []
        for record in records:
            wanted += [f"length {len(record)}", f"record {record.decode()}"]
        self.assertEqual(said, wanted)
        self.assertEqual(fields["count"], 2)

    def test_of_a_batch_is_what_the_encoder_makes(self):
        frame, _ = self.frames["batch"]
        fields, records = packed.decode(frame)
        named = {name: fields[name] for name in ("epoch", "stream", "first", "time")}
        self.assertEqual(frame, packed.batch(records, **named))

    def test_of_a_beat_goes_on_where_the_batch_ends(self):
        frame, lines = self.frames["beat"]
        batch, _ = packed.decode(self.frames["batch"][0])
        fields, records = packed.decode(frame)
        self.assert_explained(lines, packed.BATCH_FIELDS)
        self.assertEqual(records, [])
        self.assertEqual(fields["flags"], packed.BEAT)
        self.assertEqual(fields["first"], batch["first"] + batch["count"])
        self.assertEqual((fields["epoch"], fields["stream"]), (batch["epoch"], batch["stream"]))
        self.assertEqual(frame, packed.beat(epoch=fields["epoch"], stream=fields["stream"],
                                            first=fields["first"], time=fields["time"]))

    def test_of_an_acknowledgement_answers_the_batch(self):
        frame, lines = self.frames["acknowledgement"]
        batch, _ = packed.decode(self.frames["batch"][0])
        self.assert_explained(lines, packed.ACK_FIELDS)
        self.assertEqual(frame, packed.acknowledgement(epoch=batch["epoch"], stream=batch["stream"],
                                                       first=batch["first"], count=batch["count"]))

    def test_of_a_topic_is_its_bytes(self):
        self.assertEqual(self.frames["topic"][0], b"nginx")


class TheTables(unittest.TestCase):
    """Each row: offset, size, name."""

    def rows(self, heading):
        with open(DOCUMENT, encoding="utf-8") as file:
            section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", file.read(),
                                re.MULTILINE | re.DOTALL)
        self.assertTrue(section, f"no section '{heading}'")
        return re.findall(r"^\| (\d+) \| (\d+) \| ([a-z0-9 ]+) \|", section[1], re.MULTILINE)

    def layout(self, fields):
        sizes = {"s": 4, "B": 1, "H": 2, "I": 4, "Q": 8}
        at, rows = 0, []
        for name, kind in fields:
            rows.append((str(at), str(sizes[kind[-1]]), name))
            at += sizes[kind[-1]]
        return rows

    def test_have_the_layout_of_a_batch(self):
        self.assertEqual(self.rows("Batch"), self.layout(packed.BATCH_FIELDS))

    def test_have_the_layout_of_an_acknowledgement(self):
        self.assertEqual(self.rows("Acknowledgement"), self.layout(packed.ACK_FIELDS))


class TheChecksum(unittest.TestCase):
    def test_has_the_published_check_value(self):
        self.assertEqual(packed.crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(packed.crc32c(bytes(32)), 0x8A9136AA)


if __name__ == "__main__":
    unittest.main(verbosity=2)
