// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <omzmq/wire.hpp>
#include <string>
#include <utility>
#include <vector>

#include "receiver.hpp"

namespace omzmq::test {

// One batch, or beat, as it came.
struct PackedFrame {
  std::string topic;           // empty: there was none
  std::size_t wire_bytes = 0;  // of the topic and the batch
  wire::BatchHeader header;
  std::vector<std::string> records;
};

// What a receiver knows of one stream by the numbers of its batches.
struct Flow {
  std::string topic;
  std::uint64_t epoch = 0;
  std::uint64_t stream = 0;
  std::uint64_t first = 0;  // number that it began with, here
  std::uint64_t next = 0;   // number that is expected
  std::uint64_t received = 0;
  std::uint64_t missed = 0;
  std::uint64_t duplicated = 0;
  bool ends_with_beat = false;
};

// A receiver of the packed format. Each frame that comes is decoded with include/omzmq/wire.hpp;
// one that is corrupt, or has other parts than it should, throws std::runtime_error. Threads: one.
class PackedReceiver : public Receiver {
 public:
  PackedReceiver(const TestDirectory& directory, const std::string& name, const Options& options)
      : Receiver(directory, name, options), names_peer_(options.type == "ROUTER") {}

  // All frames so far, over all starts, in their order.
  const std::vector<PackedFrame>& frames();
  std::size_t beats();
  // The streams in the order in which they began here.
  const std::vector<Flow>& flows();
  // The only stream of this topic; an empty one, and a failure of the test, when there is none or
  // there are several.
  Flow flow(const std::string& topic = {});
  // The records of one topic; without an argument those of all.
  std::vector<std::string> records();
  std::vector<std::string> records(const std::string& topic);
  std::uint64_t record_count();
  std::uint64_t missed();
  std::uint64_t duplicated();

  // True when so many records, or beats, in all came within the bound.
  bool wait_for_records(std::uint64_t count);
  bool wait_for_beats(std::size_t count);
  // True when the first stream expects this number within the bound.
  bool wait_until_next(std::uint64_t number);

 private:
  void decode_more();
  void follow(const PackedFrame& frame);

  bool names_peer_;  // its messages have the peer's identity in front
  std::vector<PackedFrame> frames_;
  std::vector<Flow> flows_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> flow_of_;  // epoch and stream
};

// No stream has a gap or a duplicate, and each began with number 0.
testing::AssertionResult is_complete(PackedReceiver& receiver);

// Each record of this topic is a numbered_line whose number is its own place in the stream.
testing::AssertionResult has_numbers_as_sent(PackedReceiver& receiver, std::size_t size = 0);

}  // namespace omzmq::test
