// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/spool_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <new>
#include <utility>

#include "common/format.hpp"

namespace omzmq {
namespace {

namespace format = spool_format;
using format::kHeadBytes;
using format::kHeaderBytes;
using format::kLengthBytes;
using format::kMagic;
using wire::crc32c;
using wire::load;
using wire::store;

constexpr std::size_t kLongest = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

[[noreturn]] void throw_errno() { throw std::system_error(errno, std::generic_category()); }

/// Calls again what a signal interrupted.
template <typename Call>
auto retried(const Call& call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Makes the names in the directory of `path` last.
void sync_directory(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno();
  const int result = retried([&] { return ::fsync(fd); });
  const int error = errno;
  ::close(fd);
  // Some file systems cannot do it for a directory.
  if (result != 0 && error != EINVAL) throw std::system_error(error, std::generic_category());
}

}  // namespace

// ---- Writing

std::string SpoolWriter::new_path(const std::string& path, unsigned name) {
  return name == 1 ? path + ".new" : formatted("{}.new.{}", path, name);
}

SpoolWriter::SpoolWriter(std::string path, const SpoolPurpose& purpose) : path_(std::move(path)) {
  buffer_.reserve(kBufferBytes);
  std::array<char, kHeaderBytes> header{};
  format::write_header(header.data(), purpose);
  create();
  offset_ = write_at(0, {header.data(), header.size()});
  if (!failure_) return;
  ::close(fd_);
  ::unlink(file_.c_str());
  throw_failure();
}

SpoolWriter::~SpoolWriter() {
  ::close(fd_);
  if (!is_kept_) ::unlink(file_.c_str());
}

void SpoolWriter::create() {
  for (unsigned name = 1; fd_ < 0; ++name) {
    file_ = new_path(path_, name);
    // O_EXCL: whatever is there stays as it is, and a symbolic link is not followed.
    fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd_ < 0 && (errno != EEXIST || name == kNames)) throw_errno();
  }
}

void SpoolWriter::append(const Frame& frame) {
  throw_failure();
  Topics topics = frame.topics;
  if (frame.copies_sent < topics.size()) topics = topics.subspan(frame.copies_sent);
  std::size_t topic_bytes = 0;
  for (const std::string& topic : topics) topic_bytes += kLengthBytes + topic.size();
  if (topic_bytes > kLongest || frame.body.size() > kLongest) {
    throw std::system_error(EFBIG, std::generic_category());
  }
  const std::size_t bytes = kHeadBytes + topic_bytes + frame.body.size();
  if (bytes > kBufferBytes - std::min(buffer_.size(), kBufferBytes)) {
    flush();
    throw_failure();
  }
  if (bytes > kBufferBytes) return write_through(frame, topics, topic_bytes);
  put_head(frame, topics, topic_bytes);
  buffer_.append(frame.body.view());
  ++buffered_.frames;
  buffered_.messages += frame.messages;
}

void SpoolWriter::put_head(const Frame& frame, Topics topics, std::size_t topic_bytes) {
  const std::size_t begin = buffer_.size();
  buffer_.resize(begin + kHeadBytes + topic_bytes);
  char* const head = buffer_.data() + begin;
  char* to = head + kHeadBytes;
  for (const std::string& topic : topics) {
    store(to, static_cast<std::uint32_t>(topic.size()));
    to = std::copy(topic.begin(), topic.end(), to + kLengthBytes);
  }
  format::write_head(
      head, {.topic_bytes = static_cast<std::uint32_t>(topic_bytes),
             .body_bytes = static_cast<std::uint32_t>(frame.body.size()),
             .messages = frame.messages,
             .held = frame.held,
             .content_crc = crc32c(frame.body.view(), crc32c({head + kHeadBytes, topic_bytes}))});
}

/// For a record that is larger than the buffer, which is empty now.
void SpoolWriter::write_through(const Frame& frame, Topics topics, std::size_t topic_bytes) {
  put_head(frame, topics, topic_bytes);
  const std::size_t before_body = buffer_.size();
  if (write_at(offset_, buffer_) == before_body) {
    static_cast<void>(write_at(offset_ + before_body, frame.body.view()));
  }
  buffer_.clear();
  if (failure_) {
    give_up(0);
    throw_failure();
  }
  offset_ += before_body + frame.body.size();
  ++written_.frames;
  written_.messages += frame.messages;
}

/// \return the bytes that were written; if not all, failure_ is set
std::size_t SpoolWriter::write_at(std::uint64_t offset, std::string_view bytes) noexcept {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto written = retried([&] {
      return ::pwrite(fd_, bytes.data() + done, bytes.size() - done,
                      static_cast<off_t>(offset + done));
    });
    if (written <= 0) {
      const int error = written == 0 ? EIO : errno;
      if (!failure_) failure_ = std::error_code(error, std::generic_category());
      break;
    }
    done += static_cast<std::size_t>(written);
  }
  return done;
}

void SpoolWriter::flush() noexcept {
  if (failure_) return;
  const std::size_t written = write_at(offset_, buffer_);
  if (failure_) return give_up(written);
  offset_ += written;
  written_.frames += buffered_.frames;
  written_.messages += buffered_.messages;
  buffered_ = {};
  buffer_.clear();
}

/// Keeps of the buffer's records those that are whole in the file.
/// \param written  bytes of the buffer that are in the file
void SpoolWriter::give_up(std::size_t written) noexcept {
  for (const char* at = buffer_.data(); written >= kHeadBytes;) {
    const format::Head head = format::read_head(at);
    if (head.content_bytes() > written - kHeadBytes) break;
    const std::size_t bytes = kHeadBytes + static_cast<std::size_t>(head.content_bytes());
    ++written_.frames;
    written_.messages += head.messages;
    offset_ += bytes;
    at += bytes;
    written -= bytes;
  }
  buffered_ = {};
  buffer_.clear();
  // Where it fails, the half record stays: a reader takes it for what it is.
  static_cast<void>(::ftruncate(fd_, static_cast<off_t>(offset_)) == 0);
}

void SpoolWriter::throw_failure() const {
  if (failure_) throw std::system_error(failure_);
}

void SpoolWriter::finish() {
  flush();
  std::array<char, kHeadBytes> end{};
  format::write_end(end.data(), written_);
  if (write_at(offset_, {end.data(), end.size()}) != end.size()) give_up(0);
  if (retried([&] { return ::fsync(fd_); }) != 0) throw_errno();
}

void SpoolWriter::commit() {
  keep();
  if (std::rename(file_.c_str(), path_.c_str()) != 0) throw_errno();
  file_ = path_;
  sync_directory(path_);
}

// ---- Reading

SpoolReader::SpoolReader(const std::string& path) : file_(path) { read_header(); }

void SpoolReader::read_header() {
  const std::string_view bytes = file_.peek(kHeaderBytes);
  if (file_.size() == 0) {
    header_ = Header::kEmpty;
    has_ended_ = true;
    return;
  }
  const bool is_sound =
      bytes.size() == kHeaderBytes && bytes.starts_with(kMagic) && format::is_sealed(bytes);
  if (!is_sound) return end_at_damage();
  if (load<std::uint8_t>(bytes.data() + format::at::kVersion) != format::kVersion) {
    header_ = Header::kUnknownVersion;
    has_ended_ = true;
    return;
  }
  purpose_ = format::read_purpose(bytes);
  header_ = Header::kSound;
  file_.skip(kHeaderBytes);
}

std::optional<Frame> SpoolReader::next() {
  try {
    return next_whole();
  } catch (const std::system_error&) {
    head_.reset();
    end_at_damage();
    throw;
  }
}

std::optional<Frame> SpoolReader::next_whole() {
  while (head_ || read_head()) {
    const Head head = *head_;
    const std::uint64_t begin = file_.offset();
    std::optional<Frame> frame(std::in_place);
    try {
      const bool is_whole = read_content(head, *frame);
      head_.reset();
      if (is_whole) {
        ++frames_;
        messages_ += frame->messages;
        return frame;
      }
      note_damaged_record(head, begin - kHeadBytes);
    } catch (const std::bad_alloc&) {
      file_.go_to(begin);
      throw;
    }
  }
  return std::nullopt;
}

/// Reads what stands before a record's content. \return false at the end
bool SpoolReader::read_head() {
  if (has_ended_) return false;
  const std::string_view bytes = file_.peek(kHeadBytes);
  const bool is_sound = bytes.size() == kHeadBytes && format::is_sealed(bytes);
  const auto kind = is_sound ? format::read_kind(bytes.data()) : std::nullopt;
  if (!kind) {
    end_at_damage();
    return false;
  }
  if (*kind == format::Kind::kEnd) {
    check_end(bytes.data());
    return false;
  }
  const Head head = format::read_head(bytes.data());
  if (head.content_bytes() > file_.left() - kHeadBytes) {
    ++damage_.records;
    damage_.messages += head.messages;
    end_at_damage();
    return false;
  }
  file_.skip(kHeadBytes);
  head_ = head;
  return true;
}

/// \return false where it is damaged
bool SpoolReader::read_content(const Head& head, Frame& frame) {
  topics_.resize(head.topic_bytes);
  frame.body.reserve(head.body_bytes);
  frame.body.resize(head.body_bytes);
  if (!file_.read(topics_.data(), topics_.size())) return false;
  if (!file_.read(frame.body.data(), frame.body.size())) return false;
  if (crc32c(frame.body.view(), crc32c(topics_)) != head.content_crc) return false;
  if (!take_topics(frame)) return false;
  frame.messages = head.messages;
  frame.held = head.held;
  frame.is_replayed = true;
  frame.seal();
  return take_awaited(frame);
}

bool SpoolReader::take_topics(Frame& frame) const {
  std::string_view rest = topics_;
  while (rest.size() >= kLengthBytes) {
    const std::size_t length = load<std::uint32_t>(rest.data());
    rest.remove_prefix(kLengthBytes);
    if (length > rest.size()) return false;
    frame.own_topics.emplace_back(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  frame.topics = frame.own_topics;
  return rest.empty();
}

bool SpoolReader::take_awaited(Frame& frame) const noexcept {
  if (purpose_.format != Format::kPacked) return true;
  wire::Batch batch;
  const auto fault =
      wire::read_batch(frame.body.view(), std::numeric_limits<std::size_t>::max(), batch);
  if (fault != wire::Fault::kNone) return false;
  frame.awaited = {.epoch = batch.header.epoch,
                   .stream = batch.header.stream,
                   .first = batch.header.first,
                   .count = batch.header.count};
  return true;
}

void SpoolReader::check_end(const char* end) noexcept {
  const format::Totals totals = format::read_end(end);
  if (totals.frames != frames_ + damage_.records ||
      totals.messages != messages_ + damage_.messages) {
    return end_at_damage();
  }
  file_.skip(kHeadBytes);
  has_ended_ = true;
  if (file_.left() == 0) return;
  if (!damage_.first) damage_.first = file_.offset();
  damage_.bytes += file_.left();
}

/// REQUIRES: the record, which begins there, was read
void SpoolReader::note_damaged_record(const Head& head, std::uint64_t begin) noexcept {
  if (!damage_.first) damage_.first = begin;
  ++damage_.records;
  damage_.messages += head.messages;
  damage_.bytes += file_.offset() - begin;
}

void SpoolReader::end_at_damage() noexcept {
  if (!damage_.first) damage_.first = file_.offset();
  damage_.bytes += file_.left();
  damage_.is_end_missing = true;
  has_ended_ = true;
}

}  // namespace omzmq
