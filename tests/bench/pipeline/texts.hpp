// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/pipeline/plan.hpp"

namespace omzmq::bench {

/// The topics of consecutive messages, the same in each run.
///
/// Threads: const after construction.
class Topics {
 public:
  /// \param count  0: none
  Topics(std::size_t count, TopicOrder order);

  [[nodiscard]] bool is_empty() const noexcept { return names_.empty(); }
  /// Of the message with that number.
  [[nodiscard]] const std::string& of(std::uint64_t number) const noexcept {
    return names_[sequence_[number % sequence_.size()]];
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::uint32_t> sequence_;
};

/// What one worker submits, as rsyslog gives it: each message's text has a place of its own, which
/// is written anew for each transaction.
///
/// Threads: one.
class Texts {
 public:
  /// Keeps a reference to the topics.
  Texts(const Plan& plan, const Topics& topics, std::size_t worker);
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  /// Renders the next transaction: its messages are numbered on from those of the last one.
  void render();

  [[nodiscard]] const omzmq_slice* slices() const noexcept { return slices_.data(); }
  [[nodiscard]] std::size_t messages() const noexcept { return messages_; }
  [[nodiscard]] const char* text(std::size_t i) const noexcept { return &bytes_[i * each_]; }

 private:
  const std::size_t messages_;
  const std::size_t each_;
  const std::size_t worker_;
  const Topics& topics_;
  std::vector<char> bytes_;
  std::vector<omzmq_slice> slices_;
  std::uint64_t next_ = 0;
};

}  // namespace omzmq::bench
