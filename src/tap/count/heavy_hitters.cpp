// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/heavy_hitters.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "common/format.hpp"
#include "tap/text/json_text.hpp"

namespace omzmq::tap {
namespace {

constexpr std::string_view kCutMark = "…";

// The values come from the network: nobody out there shall know which ones collide.
std::uint64_t secret_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::size_t checked(std::size_t capacity) {
  if (capacity < 1 || capacity > HeavyHitters::kMaxCapacity) {
    throw std::invalid_argument(formatted("the number of slots {} must be from 1 to {}", capacity,
                                          HeavyHitters::kMaxCapacity));
  }
  return capacity;
}

/// The longest beginning that has at most `most` bytes and cuts no UTF-8 character.
std::string_view cut_text(std::string_view bytes, std::size_t most) {
  // A character has three bytes behind its first at most.
  for (std::size_t end = most; end + 3 >= most && end > 0; --end) {
    if (const std::size_t length = utf8_length(bytes.substr(end - 1)); length != 0) {
      return bytes.substr(0, end - 1 + length <= most ? most : end - 1);
    }
  }
  return bytes.substr(0, most);
}

}  // namespace

HeavyHitters::HeavyHitters(std::size_t capacity)
    : capacity_(checked(capacity)), slot_of_(capacity, Hash{secret_seed()}) {
  slots_.reserve(capacity);
  groups_.reserve(capacity + 1);  // none is empty, but for the moment in which a slot moves
}

void HeavyHitters::add(std::string_view value) {
  increment(take_slot(kept(value)));
  ++total_;
}

std::vector<HeavyHitters::Entry> HeavyHitters::top(std::size_t most) const {
  std::vector<Entry> entries;
  for (Index group = highest_; group != kNone && entries.size() < most;
       group = groups_[group].lower) {
    const Index first = groups_[group].first;
    Index slot = first;
    do {
      entries.push_back({slots_[slot].value, groups_[group].count, slots_[slot].error});
      slot = slots_[slot].next;
    } while (slot != first);
  }
  const std::size_t shown = std::min(most, entries.size());
  std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(shown),
                    entries.end(), [](const Entry& a, const Entry& b) {
                      return std::tie(b.count, a.error, a.value) <
                             std::tie(a.count, b.error, b.value);
                    });
  entries.resize(shown);
  return entries;
}

std::uint64_t HeavyHitters::max_error() const noexcept {
  return exact_ ? 0 : groups_[lowest_].count;
}

std::string_view HeavyHitters::kept(std::string_view value) {
  if (value.size() <= kMaxValueBytes) {
    return value;
  }
  cut_ = cut_text(value, kMaxValueBytes - kCutMark.size());
  cut_ += kCutMark;
  return cut_;
}

HeavyHitters::Index HeavyHitters::take_slot(std::string_view value) {
  if (const auto found = slot_of_.find(value); found != slot_of_.end()) {
    return found->second;
  }
  return slots_.size() < capacity_ ? add_slot(value) : replace_slot(value);
}

HeavyHitters::Index HeavyHitters::add_slot(std::string_view value) {
  const auto slot = static_cast<Index>(slots_.size());
  slots_.emplace_back().value = value;
  slot_of_.emplace(slots_[slot].value, slot);
  return slot;
}

HeavyHitters::Index HeavyHitters::replace_slot(std::string_view value) {
  const Index slot = groups_[lowest_].first;
  // The node of the map is used again: a value that comes costs no allocation but for its text.
  auto node = slot_of_.extract(slots_[slot].value);
  slots_[slot].value = value;
  slots_[slot].error = groups_[lowest_].count;
  node.key() = slots_[slot].value;
  slot_of_.insert(std::move(node));
  exact_ = false;
  return slot;
}

void HeavyHitters::increment(Index slot) {
  const Index group = slots_[slot].group;
  if (group == kNone) {  // a new slot
    link_slot(slot, group_above(kNone, 1));
    return;
  }
  const std::uint64_t count = groups_[group].count + 1;
  const Index higher = groups_[group].higher;
  const bool is_alone = slots_[slot].next == slot;
  if (is_alone && (higher == kNone || groups_[higher].count != count)) {
    groups_[group].count = count;
    return;
  }
  const Index target = group_above(group, count);
  unlink_slot(slot);
  link_slot(slot, target);
}

/// The group with `count`, which is the next possible one above `group` (kNone: below all).
HeavyHitters::Index HeavyHitters::group_above(Index group, std::uint64_t count) {
  const Index higher = group == kNone ? lowest_ : groups_[group].higher;
  if (higher != kNone && groups_[higher].count == count) {
    return higher;
  }
  Index made = kNone;
  if (unused_groups_.empty()) {
    made = static_cast<Index>(groups_.size());
    groups_.emplace_back();
  } else {
    made = unused_groups_.back();
    unused_groups_.pop_back();
  }
  groups_[made] = {count, kNone, group, higher};
  (group == kNone ? lowest_ : groups_[group].higher) = made;
  (higher == kNone ? highest_ : groups_[higher].lower) = made;
  return made;
}

/// To the end of the group's ring, so that the slot that waits longest is replaced first.
void HeavyHitters::link_slot(Index slot, Index group) {
  Slot& linked = slots_[slot];
  linked.group = group;
  Index& first = groups_[group].first;
  if (first == kNone) {
    first = linked.previous = linked.next = slot;
    return;
  }
  linked.next = first;
  linked.previous = slots_[first].previous;
  slots_[linked.previous].next = slot;
  slots_[first].previous = slot;
}

/// The group goes with its last slot.
void HeavyHitters::unlink_slot(Index slot) {
  const Slot& unlinked = slots_[slot];
  const Index group = unlinked.group;
  if (unlinked.next == slot) {
    unlink_group(group);
    return;
  }
  slots_[unlinked.previous].next = unlinked.next;
  slots_[unlinked.next].previous = unlinked.previous;
  if (groups_[group].first == slot) {
    groups_[group].first = unlinked.next;
  }
}

void HeavyHitters::unlink_group(Index group) {
  const Group& unlinked = groups_[group];
  (unlinked.lower == kNone ? lowest_ : groups_[unlinked.lower].higher) = unlinked.higher;
  (unlinked.higher == kNone ? highest_ : groups_[unlinked.higher].lower) = unlinked.lower;
  unused_groups_.push_back(group);
}

}  // namespace omzmq::tap
