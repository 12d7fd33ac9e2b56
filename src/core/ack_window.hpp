// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <tuple>

#include "core/frame.hpp"
#include "core/transaction.hpp"

namespace omzmq {

/// The batches that went out and are not acknowledged yet. One that is not in time is due to be
/// sent again, unchanged.
///
/// Threads: one. Owns no clock: the time comes with each call.
class AckWindow {
 public:
  /// \param most  batches in flight
  /// \param timeout  how long a batch may stay without an acknowledgement
  AckWindow(std::size_t most, Clock::duration timeout) : most_(most), timeout_(timeout) {}

  [[nodiscard]] bool is_full() const noexcept { return in_flight_.size() >= most_; }
  [[nodiscard]] bool is_empty() const noexcept { return in_flight_.empty(); }

  /// A batch has gone out at `now`, for the first time or again.
  /// \return false, and `frame` is untouched, where one of its name is in flight already
  /// \throws std::bad_alloc, and nothing has changed
  [[nodiscard]] bool add(Frame& frame, Clock::time_point now);

  /// Takes out the batch that is acknowledged; nothing where none in flight fits.
  [[nodiscard]] std::optional<Frame> take(const wire::Ack& ack) noexcept;

  /// Takes out the batch that waits for longest, if it is due to be sent again.
  [[nodiscard]] std::optional<Frame> take_due(Clock::time_point now) noexcept;

  /// All batches are due at `when`, unless they are due before.
  void make_due_by(Clock::time_point when) noexcept;

  /// When take_due() has one; Clock::time_point::max() where nothing is in flight.
  [[nodiscard]] Clock::time_point next_due() const noexcept;

  /// Takes out all, in the order of their first sending. \throws std::bad_alloc
  [[nodiscard]] std::deque<Frame> take_all();

  /// Bytes of the bodies.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Messages in flight.
  [[nodiscard]] std::size_t messages() const noexcept { return messages_; }

 private:
  struct Entry {
    Frame frame;
    Clock::time_point due;
  };
  using Entries = std::list<Entry>;
  using Name = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;  ///< epoch, stream, first

  [[nodiscard]] static Name name_of(const wire::Ack& ack) noexcept {
    return {ack.epoch, ack.stream, ack.first};
  }
  [[nodiscard]] Frame extract(Entries::iterator entry) noexcept;

  const std::size_t most_;
  const Clock::duration timeout_;
  Entries in_flight_;  ///< in the order in which they are due
  std::map<Name, Entries::iterator> by_name_;
  std::size_t bytes_ = 0;
  std::size_t messages_ = 0;
};

}  // namespace omzmq
