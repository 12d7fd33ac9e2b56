// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Spool files that were cut, or that have a byte changed, at many places.
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "full_disk_spools.hpp"

namespace omzmq::test {
namespace {

// Bytes of a spool file beside its messages: the header, a record's head and a batch's.
constexpr std::size_t kAround = 200;

std::string name_of(const testing::TestParamInfo<SpoolKind>& info) { return info.param.name; }

// What was done to a spool file. The bytes before `at` are whole.
struct Damage {
  bool is_cut;  // from `at` on; else the byte there is another one
  std::size_t at;
};

// Some 40 places of each: the first bytes, the last ones, and others in between.
std::vector<Damage> damages(std::size_t size) {
  std::vector<std::size_t> places{0,  1,        4,         19,        20,       24,
                                  30, size - 1, size - 14, size - 28, size - 29};
  constexpr std::size_t kBetween = 29;
  for (std::size_t i = 1; i <= kBetween; ++i) places.push_back(i * (size - 7) / (kBetween + 1) + i);
  std::vector<Damage> all;
  for (const std::size_t place : places) {
    all.push_back({true, place});
    all.push_back({false, place});
  }
  return all;
}

std::string damaged(std::string bytes, const Damage& damage) {
  if (damage.is_cut) return bytes.substr(0, damage.at);
  bytes[damage.at] = static_cast<char>(bytes[damage.at] ^ (1 << damage.at % 8));
  return bytes;
}

class DamagedSpools : public SpoolTest, public testing::WithParamInterface<SpoolKind> {
 protected:
  // Runs a daemon without a receiver, and stops it: each action leaves a spool file. All messages
  // come in one transaction: an action that waits for its receiver takes no other one.
  void fill_spools(unsigned actions) {
    start(with_actions(GetParam(), actions,
                       fmt::format(R"(queue.minDequeueBatchSize="{}" )"
                                   R"(queue.minDequeueBatchSize.timeout="60000")",
                                   kCount)));
    Injector(daemon_->input()).numbered(0, kCount, kSize);
    ASSERT_TRUE(wait_submitted(actions, kCount));
    ASSERT_EQ(stopped(*daemon_), "exit 0");
    for (unsigned action = 0; action < actions; ++action) {
      ASSERT_GE(std::filesystem::file_size(spool(action)), kCount * kSize);
    }
  }
  // The numbers of one action that came, without kApart, in their order; each of their lines is
  // what was injected.
  std::vector<unsigned> came(unsigned action, const std::vector<unsigned>& numbers) const {
    std::vector<unsigned> own;
    for (const unsigned number : numbers) {
      if (number / kApart == action) own.push_back(number % kApart);
    }
    return own;
  }
  bool are_lines_whole(TappedReceiver& receiver) const {
    std::istringstream in(read_file(directory_.file("receiver.1")));
    std::size_t count = 0;
    for (std::string line; std::getline(in, line); ++count) {
      if (line != numbered_line(number_of(line), kSize)) return false;
    }
    return count == receiver.numbers().size();
  }
  // What of the file is delivered, given by the place of the damage.
  testing::AssertionResult is_what_was_whole(const std::vector<unsigned>& own, const Damage& damage,
                                             std::size_t size) const {
    const unsigned frame = GetParam().frame;
    const auto delivered = static_cast<unsigned>(own.size()) - 1;  // the last one is a new message
    const auto as_text = [&] {
      return fmt::format("{} at {} of {} bytes: {} messages came",
                         damage.is_cut ? "cut" : "changed", damage.at, size, delivered);
    };
    if (own.back() != kCount)
      return testing::AssertionFailure() << as_text() << ", the new one not";
    if (!std::is_sorted(own.begin(), own.end()) ||
        std::adjacent_find(own.begin(), own.end()) != own.end()) {
      return testing::AssertionFailure() << as_text() << ", not in order or more than once";
    }
    if (!damage.is_cut && delivered + frame >= kCount) return testing::AssertionSuccess();
    const bool is_prefix = delivered == 0 || own[delivered - 1] == delivered - 1;
    const bool is_long = (delivered + frame) * size / kCount + kAround >= damage.at;
    const bool is_possible = delivered * kSize <= damage.at;
    if (is_prefix && is_long && is_possible) return testing::AssertionSuccess();
    return testing::AssertionFailure() << as_text();
  }
  // What the daemon says of a damaged file is what came of it.
  testing::AssertionResult is_said(const std::string& text, unsigned action,
                                   unsigned delivered) const {
    const std::string about = fmt::format("spoolFile '{}' is ", spool(action));
    const std::string line = text.substr(std::min(text.find(about), text.size()));
    if (delivered == 0 && (line.starts_with(about + "damaged at its beginning") ||
                           line.starts_with(about + "empty"))) {
      return testing::AssertionSuccess();
    }
    const auto number = number_in(line.substr(0, line.find('\n')), " ([0-9]+) messages are whole");
    if (number == delivered) return testing::AssertionSuccess();
    return testing::AssertionFailure() << spool(action) << ": " << delivered << " came, said was "
                                       << (number ? std::to_string(*number) : "nothing");
  }
};
INSTANTIATE_TEST_SUITE_P(spool, DamagedSpools, testing::ValuesIn(kSpoolKinds), name_of);

TEST_P(DamagedSpools, AreReportedDeliveredAsFarAsTheyAreWholeAndMovedAside) {
  constexpr unsigned kActions = 81;  // as many as damages(), and one whose file stays whole
  fill_spools(kActions);
  const std::size_t size = std::filesystem::file_size(spool(0));
  const std::vector<Damage> all = damages(size);
  ASSERT_EQ(all.size() + 1, kActions);
  std::vector<std::string> left(all.size());
  for (unsigned action = 0; action < all.size(); ++action) {
    left[action] = damaged(read_file(spool(action)), all[action]);
    write_file(spool(action), left[action]);
  }
  std::filesystem::remove(log_file());

  TappedReceiver receiver = this->receiver(GetParam());
  receiver.start();
  start(with_actions(GetParam(), kActions));
  Injector(daemon_->input()).numbered(kCount, 1, kSize);
  for (unsigned action = 0; action < kActions; ++action) {
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(spool(action)); }))
        << spool(action);
    EXPECT_TRUE(receiver.wait_for_all(1, default_bound(), action * kApart + kCount)) << action;
  }
  const std::vector<unsigned> numbers = receiver.numbers();
  const std::string text = said();
  for (unsigned action = 0; action < all.size(); ++action) {
    const auto own = came(action, numbers);
    ASSERT_FALSE(own.empty());
    EXPECT_TRUE(is_what_was_whole(own, all[action], size));
    EXPECT_TRUE(is_said(text, action, static_cast<unsigned>(own.size()) - 1));
    // There is nothing to keep of an empty file.
    if (left[action].empty()) continue;
    EXPECT_EQ(read_file(spool(action) + ".damaged"), left[action]) << action;
  }
  EXPECT_EQ(came(kActions - 1, numbers).size(), kCount + 1);
  EXPECT_FALSE(std::filesystem::exists(spool(kActions - 1) + ".damaged"));
  EXPECT_TRUE(are_lines_whole(receiver));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(receiver.stop(), 0) << receiver.errors();
}

}  // namespace
}  // namespace omzmq::test
