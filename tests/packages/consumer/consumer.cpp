// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// A program that has nothing of omzmq but what is installed: writes a batch, reads it, and sees
// that it was damaged.
#include <omzmq/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

namespace wire = omzmq::wire;

namespace {

std::string batch_of(std::string_view record) {
  std::string frame(wire::kHeaderBytes + wire::kLengthBytes, '\0');
  wire::store(frame.data() + wire::kHeaderBytes, static_cast<std::uint32_t>(record.size()));
  frame += record;
  wire::BatchHeader header;
  header.count = 1;
  header.raw_bytes = static_cast<std::uint32_t>(frame.size() - wire::kHeaderBytes);
  wire::write_header(frame.data(), frame.size(), header);
  return frame;
}

}  // namespace

int main() {
  constexpr std::size_t kMaxRawBytes = 1024;
  std::string frame = batch_of("hello");
  wire::Batch batch;
  if (read_batch(frame, kMaxRawBytes, batch) != wire::Fault::kNone ||
      check_records(batch.body, batch.header) != wire::Fault::kNone) {
    std::cerr << "the batch is not read\n";
    return 1;
  }
  const auto record = wire::Records(batch.body).next();
  if (!record || *record != "hello") {
    std::cerr << "the record is not what was written\n";
    return 1;
  }
  std::cout << *record << '\n';
  frame.back() = 'O';
  return read_batch(frame, kMaxRawBytes, batch) == wire::Fault::kCrc ? 0 : 1;
}
