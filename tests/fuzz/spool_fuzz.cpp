// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Any bytes as a spool file. The CRCs would stop nearly all that a fuzzer makes up, so an input is
// tried as it is and once more with them made right.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/spool_file.hpp"
#include "property.hpp"

namespace omzmq::fuzz {
namespace {

namespace format = spool_format;

/// Two files in memory, where there is a file system for that.
class Files {
 public:
  Files() {
    const bool has_shm = std::filesystem::is_directory("/dev/shm");
    std::string name = has_shm ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    name += "/omzmq-spool-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr, "there is a directory to write in");
    path_ = name;
  }
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  [[nodiscard]] std::string in() const { return path_ / "in"; }
  [[nodiscard]] std::string out() const { return path_ / "out"; }

 private:
  std::filesystem::path path_;
};

const Files& files() {
  static const Files kFiles;
  return kFiles;
}

struct Kept {
  std::string body;
  std::vector<std::string> topics;
  std::uint32_t messages;
  std::uint32_t held;

  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t sum = format::kHeadBytes + body.size();
    for (const std::string& topic : topics) sum += format::kLengthBytes + topic.size();
    return sum;
  }
  auto operator<=>(const Kept&) const = default;
};

struct Read {
  SpoolReader::Header header;
  SpoolPurpose purpose;
  std::vector<Kept> frames;
  SpoolDamage damage;
};

void write(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.flush();
  require(file.good(), "the file can be written");
}

Read read(const std::string& path) {
  SpoolReader reader(path);
  Read read{.header = reader.header(), .purpose = {}, .frames = {}, .damage = {}};
  std::uint64_t messages = 0;
  while (auto frame = reader.next()) {
    read.frames.push_back({std::string(frame->body.view()),
                           {frame->topics.begin(), frame->topics.end()},
                           frame->messages,
                           frame->held});
    messages += frame->messages;
  }
  require(!reader.next(), "the end stays the end");
  require(reader.frames() == read.frames.size() && reader.messages() == messages,
          "what was given is counted");
  read.damage = reader.damage();
  if (read.header == SpoolReader::Header::kSound) read.purpose = reader.purpose();
  return read;
}

/// Every byte of the file is the header's, the end's, a frame's, or damage.
void check_account(const Read& read, std::uint64_t size) {
  if (read.header != SpoolReader::Header::kSound) {
    require(read.frames.empty(), "without a header there are no frames");
    require(read.damage.any() == (read.header == SpoolReader::Header::kDamaged),
            "a damaged header is damage, no file and another version are none");
    return;
  }
  std::uint64_t sum = format::kHeaderBytes + read.damage.bytes;
  for (const Kept& frame : read.frames) sum += frame.bytes();
  if (!read.damage.is_end_missing) sum += format::kHeadBytes;
  require(sum == size, "each byte is accounted for once");
  if (!read.damage.any()) require(read.damage.bytes == 0 && read.damage.records == 0, "no damage");
}

/// What was read and is written again comes back as it was.
void check_rewritten(const Read& read) {
  {
    SpoolWriter writer(files().out(), read.purpose);
    for (const Kept& kept : read.frames) {
      Frame frame;
      frame.body.append(kept.body);
      frame.own_topics = kept.topics;
      frame.topics = frame.own_topics;
      frame.messages = kept.messages;
      frame.held = kept.held;
      frame.seal();
      writer.append(frame);
    }
    writer.finish();
    writer.commit();
  }
  const Read again = fuzz::read(files().out());
  require(again.header == SpoolReader::Header::kSound && !again.damage.any(),
          "what was written is sound");
  require(again.frames == read.frames, "frames come back as they were");
}

/// A bit that changes costs frames and makes up none.
void check_flipped(const Read& sound, std::string bytes, std::size_t bit) {
  if (bytes.empty()) return;
  char& byte = bytes[bit / 8 % bytes.size()];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << bit % 8));
  write(files().in(), bytes);
  Read damaged = fuzz::read(files().in());
  require(damaged.header != SpoolReader::Header::kSound || damaged.damage.any(),
          "a changed bit is seen");
  std::vector<Kept> before = sound.frames;
  std::sort(before.begin(), before.end());
  std::sort(damaged.frames.begin(), damaged.frames.end());
  require(std::includes(before.begin(), before.end(), damaged.frames.begin(), damaged.frames.end()),
          "a changed bit makes up no frame");
}

Read try_file(const std::string& bytes) {
  write(files().in(), bytes);
  Read read = fuzz::read(files().in());
  check_account(read, bytes.size());
  return read;
}

/// Lengths that fit, and right CRCs.
void repair(std::string& bytes) {
  if (bytes.size() < format::kHeaderBytes) return;
  std::copy(format::kMagic.begin(), format::kMagic.end(), bytes.begin());
  wire::store(bytes.data() + format::at::kVersion, format::kVersion);
  format::seal(bytes.data(), format::kHeaderBytes);
  format::Totals totals;
  for (std::size_t at = format::kHeaderBytes; at + format::kHeadBytes <= bytes.size();) {
    char* const record = bytes.data() + at;
    at += format::kHeadBytes;
    const std::size_t left = bytes.size() - at;
    const bool is_end = (static_cast<unsigned char>(*record) & 7U) == 2U;
    if (is_end) return format::write_end(record, totals);
    format::Head head = format::read_head(record);
    head.topic_bytes = static_cast<std::uint32_t>(head.topic_bytes % 64 % (left + 1));
    head.body_bytes =
        static_cast<std::uint32_t>(head.body_bytes % 256 % (left - head.topic_bytes + 1));
    const auto content_bytes = static_cast<std::size_t>(head.content_bytes());
    head.content_crc = wire::crc32c({bytes.data() + at, content_bytes});
    format::write_head(record, head);
    ++totals.frames;
    totals.messages += head.messages;
    at += content_bytes;
  }
}

}  // namespace
}  // namespace omzmq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omzmq::fuzz;
  std::string bytes(data, data + size);
  static_cast<void>(try_file(bytes));
  repair(bytes);
  const Read repaired = try_file(bytes);
  if (size < format::kHeaderBytes) return 0;
  require(repaired.header == omzmq::SpoolReader::Header::kSound, "a right header is accepted");
  check_rewritten(repaired);
  if (!repaired.damage.any()) check_flipped(repaired, bytes, size * 7 + data[size / 2]);
  return 0;
}
