// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/frame.hpp"

// Frames for tests of the spool file, and what they have to be when they come back. Threads: any.

namespace omzmq::test {

inline Frame frame_with(std::string_view body, std::vector<std::string> topics = {},
                        std::uint32_t messages = 1, std::uint32_t held = 1) {
  Frame frame;
  frame.body.append(body);
  frame.own_topics = std::move(topics);
  frame.topics = frame.own_topics;
  frame.messages = messages;
  frame.held = held;
  frame.seal();
  return frame;
}

/// What the spool file keeps of a frame.
struct SpooledFrame {
  std::string body;
  std::vector<std::string> topics;
  std::uint32_t messages = 0;
  std::uint32_t held = 0;
  std::size_t wire_bytes = 0;

  bool operator==(const SpooledFrame&) const = default;
};

inline SpooledFrame spooled(const Frame& frame) {
  return {std::string(frame.body.view()),
          {frame.topics.begin(), frame.topics.end()},
          frame.messages,
          frame.held,
          frame.wire_bytes};
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.flush();
  if (!file) throw std::runtime_error("cannot write " + path);
}

}  // namespace omzmq::test
