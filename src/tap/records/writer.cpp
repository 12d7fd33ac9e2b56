// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/writer.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace omzmq::tap {
namespace {

// A pipe or a terminal that poll() calls writable takes so many bytes without blocking.
constexpr std::size_t kNonBlockingBytes = PIPE_BUF;

}  // namespace

Writer::Writer(int fd, int stop_fd, std::chrono::milliseconds stop_grace)
    : stop_fd_(stop_fd), stop_grace_(stop_grace), buffer_(new char[kCapacity]) {
  use(fd);
}

void Writer::use(int fd) {
  fd_ = fd;
  struct stat status {};
  const bool is_known = fstat(fd, &status) == 0;
  is_pipe_ = is_known && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
  may_block_ = is_pipe_ || isatty(fd) != 0;
}

WriteResult Writer::write(std::string_view record, std::string_view end) {
  if (!has_room(record.size() + end.size())) return write_large(record, end);
  append(record);
  append(end);
  return state_;
}

WriteResult Writer::write_large(std::string_view record, std::string_view end) {
  if (flush() != WriteResult::kOk) return state_;
  if (!has_room(record.size() + end.size())) {
    if (write_through(record) != WriteResult::kOk) return state_;
    record = {};
  }
  append(record);
  append(end);
  return state_;
}

void Writer::append(std::string_view bytes) noexcept {
  std::copy(bytes.begin(), bytes.end(), buffer_.get() + size_);
  size_ += bytes.size();
}

WriteResult Writer::flush() {
  if (size_ == 0) {
    return state_;
  }
  const std::string_view waiting(buffer_.get(), size_);
  size_ = 0;
  return write_through(waiting);
}

WriteResult Writer::write_through(std::string_view bytes) {
  while (state_ == WriteResult::kOk && !bytes.empty()) {
    std::size_t chunk = bytes.size();
    if (may_block_) {
      state_ = wait_for_room();
      if (state_ != WriteResult::kOk) {
        break;
      }
      chunk = std::min(chunk, kNonBlockingBytes);
    }
    const ssize_t written = ::write(fd_, bytes.data(), chunk);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      written_bytes_ += static_cast<std::size_t>(written);
    } else if (errno == EPIPE) {
      state_ = WriteResult::kClosed;
    } else if (errno != EINTR && errno != EAGAIN) {
      error_ = errno;
      state_ = WriteResult::kFailed;
    }
  }
  return state_;
}

WriteResult Writer::wait_for_room() {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  for (;;) {
    // Once a stop is seen its descriptor stays readable: only the output is watched then.
    std::array<pollfd, 2> watched{pollfd{fd_, POLLOUT, 0},
                                  pollfd{stopping_ ? -1 : stop_fd_, POLLIN, 0}};
    int timeout_ms = -1;
    if (stopping_) {
      const auto left = std::chrono::ceil<milliseconds>(give_up_at_ - steady_clock::now()).count();
      timeout_ms = static_cast<int>(std::max<milliseconds::rep>(left, 0));
    }
    const int ready = poll(watched.data(), watched.size(), timeout_ms);
    if (ready < 0 && errno != EINTR) {
      error_ = errno;
      return WriteResult::kFailed;
    }
    if (ready == 0) {
      return WriteResult::kAbandoned;
    }
    if (ready > 0 && watched[1].revents != 0) {
      stopping_ = true;
      give_up_at_ = steady_clock::now() + stop_grace_;
    }
    if (ready > 0 && watched[0].revents != 0) {
      if (stopping_) {
        give_up_at_ = steady_clock::now() + stop_grace_;
      }
      return WriteResult::kOk;
    }
  }
}

}  // namespace omzmq::tap
