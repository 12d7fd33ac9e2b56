// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Any bytes as an acknowledgement, as they are and with the CRC made right.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "omzmq/wire.hpp"
#include "property.hpp"

namespace omzmq::fuzz {
namespace {

namespace offset = wire::ack_offset;
using wire::Fault;

constexpr std::uint64_t kUntouched = 0x5555555555555555;

using Bytes = std::vector<char>;

std::string_view view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

void check_accepted(Bytes frame, const wire::Ack& ack) {
  require(frame.size() == wire::kAckBytes, "an acknowledgement has one size");
  std::array<char, wire::kAckBytes> again{};
  write_ack(again.data(), ack);
  const auto reserved = wire::load<std::uint16_t>(frame.data() + offset::kReserved);
  if (reserved == 0) {
    require(std::string_view(again.data(), again.size()) == view(frame),
            "an acknowledgement that was read is written as it was");
  }
  const auto bit = static_cast<std::size_t>(ack.first % (8 * wire::kAckBytes));
  frame[bit / 8] = static_cast<char>(static_cast<unsigned char>(frame[bit / 8]) ^ (1U << bit % 8));
  wire::Ack damaged;
  require(read_ack(view(frame), damaged) != Fault::kNone, "a changed bit is seen");
}

Fault try_frame(const Bytes& frame) {
  wire::Ack ack{.first = kUntouched, .count = 0x55};
  const Fault fault = read_ack(view(frame), ack);
  if (fault == Fault::kNone)
    check_accepted(frame, ack);
  else
    require(ack.first == kUntouched && ack.count == 0x55, "a refused frame changes nothing");
  return fault;
}

}  // namespace
}  // namespace omzmq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omzmq::fuzz;
  Bytes frame(data, data + size);
  static_cast<void>(try_frame(frame));
  if (size != omzmq::wire::kAckBytes) return 0;
  omzmq::wire::store(frame.data() + offset::kCrc,
                     omzmq::wire::crc32c(view(frame).substr(0, offset::kCrc)));
  require(try_frame(frame) != Fault::kCrc, "a right CRC is accepted");
  return 0;
}
