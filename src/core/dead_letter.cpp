// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/dead_letter.hpp"

#include <fcntl.h>
#include <libfastjson/json.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <new>
#include <system_error>
#include <utility>

#include "common/format.hpp"
#include "core/text.hpp"

namespace omzmq {
namespace {

struct JsonDeleter {
  void operator()(fjson_object* object) const noexcept { fjson_object_put(object); }
};
using Json = std::unique_ptr<fjson_object, JsonDeleter>;

void add_text(const Json& object, const char* key, std::string_view value) {
  fjson_object* const text =
      fjson_object_new_string_len(value.data(), static_cast<int>(value.size()));
  if (text == nullptr) throw std::bad_alloc();
  fjson_object_object_add(object.get(), key, text);
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()) % 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return formatted("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                   utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms.count());
}

}  // namespace

std::string dead_letter_line(std::string_view time, std::string_view action,
                             std::string_view reason, std::string_view payload) {
  const Json object(fjson_object_new_object());
  if (!object) throw std::bad_alloc();
  add_text(object, "time", time);
  add_text(object, "action", to_utf8(action));
  add_text(object, "reason", reason);
  fjson_object_object_add(object.get(), "length",
                          fjson_object_new_int64(static_cast<std::int64_t>(payload.size())));
  // libfastjson writes a string up to its first NUL.
  if (is_utf8(payload) && payload.find('\0') == std::string_view::npos) {
    add_text(object, "payload", payload);
  } else {
    add_text(object, "payload_base64", to_base64(payload));
  }
  return std::string(fjson_object_to_json_string_ext(object.get(), FJSON_TO_STRING_PLAIN)) + '\n';
}

DeadLetterFile::DeadLetterFile(std::string path, std::string action, const Log& log)
    : path_(std::move(path)), action_(std::move(action)), log_(log) {}

DeadLetterFile::~DeadLetterFile() { reopen(); }

void DeadLetterFile::write(std::string_view payload, std::string_view reason) noexcept {
  if (path_.empty()) return;
  try {
    const std::string line = dead_letter_line(utc_now(), action_, reason, payload);
    const std::lock_guard lock(mutex_);
    try {
      append(line);
      failed_ = false;
    } catch (const std::system_error& error) {
      if (!std::exchange(failed_, true)) {
        log_.error(formatted("deadLetterFile '{}': {}; what cannot be sent is counted only", path_,
                             error.code().message()));
      }
    }
  } catch (const std::exception& error) {
    log_.failure("deadLetterFile", error.what());
  }
}

void DeadLetterFile::append(const std::string& line) {
  if (fd_ < 0) {
    // Without waiting: a named pipe may have no reader.
    fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                 0600);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category());
  }
  // What a failure cut short stays a line of its own.
  const std::string text = is_torn_ ? '\n' + line : line;
  for (std::string_view rest = text; !rest.empty();) {
    const auto written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
      is_torn_ = !rest.empty();
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category());
    }
  }
}

void DeadLetterFile::reopen() noexcept {
  const std::lock_guard lock(mutex_);
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  is_torn_ = false;
}

}  // namespace omzmq
