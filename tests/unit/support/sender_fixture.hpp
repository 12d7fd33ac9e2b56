// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/handoff.hpp"
#include "core/sender.hpp"
#include "support/batch_builder.hpp"
#include "support/fake_sink.hpp"
#include "support/recording_host.hpp"

namespace omzmq::test {

/// A sender between lanes and a fake sink, driven by hand and by times that the test gives.
class SenderTest : public testing::Test {
 protected:
  using Outcome = Sender::Outcome;
  using Strings = std::vector<std::string>;

  static constexpr std::size_t kLaneBytes = 64 * 1024;

  // The time base is the present: a socket that breaks is opened again by the real clock.
  const Clock::time_point start_ = Clock::now();

  // The sender copies some settings when it is made: so the first call of it comes after them.
  Sender& sender() {
    if (!sender_) sender_ = std::make_unique<Sender>(settings_, handoff_, sink_, stats_, log_);
    return *sender_;
  }

  Outcome work(Clock::duration after = {}) { return sender().do_work(start_ + after); }

  std::shared_ptr<Lane> open_lane() { return handoff_.open_lane(); }

  void publish(Lane& lane, const BatchBuilder& batch, Clock::duration after = {}) {
    ASSERT_TRUE(test::publish(lane, batch, start_ + after));
  }

  // One transaction after the other, of one message each, until the lane is full. Returns how many.
  std::size_t fill(Lane& lane, std::size_t payload_bytes = 1000) {
    const BatchBuilder batch{std::string(payload_bytes, 'f')};
    std::size_t n = 0;
    while (test::publish(lane, batch, start_)) ++n;
    return n;
  }

  RecordingHost host_;
  Log log_ = host_.log();
  Settings settings_;
  Handoff handoff_{kLaneBytes};
  FakeSocket socket_;
  FakeSink sink_{socket_};
  SenderStats stats_;

 private:
  std::unique_ptr<Sender> sender_;
};

}  // namespace omzmq::test
