// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/batcher.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "core/lane.hpp"

namespace omzmq {
namespace {

/// Of a frame that will be full often.
constexpr std::size_t kFirstBytes = std::size_t{64} << 10;

/// The lane's entry, which is made where there is none. \throws std::bad_alloc
Share& share_of(Lane* lane, std::vector<Share>& shares) {
  const auto known = std::find_if(shares.begin(), shares.end(),
                                  [lane](const Share& share) { return share.lane == lane; });
  return known == shares.end() ? shares.emplace_back(Share{lane, 0}) : *known;
}

void hold(Share& share, std::uint32_t messages) noexcept {
  share.lane->hold(messages);
  share.messages += messages;
}

}  // namespace

Batcher::Batcher(const Settings& settings, Clock::time_point now)
    : settings_(settings), room_(settings.format == Format::kPacked ? Packer::kRoom : 0) {
  if (settings.format == Format::kPacked) packer_.emplace(settings, now);
}

std::size_t Batcher::take_from(TransactionReader& reader, Lane* awaited_by, std::size_t most,
                               Clock::time_point now, std::deque<Frame>& ready) {
  assert(reader.left() > 0 && ready.empty());
  const bool takes_runs = makes_runs() || (packer_ && !settings_.dyna_topic);
  most = std::min(most, reader.left());
  std::size_t taken = 0;
  while (taken < most && ready.empty()) {
    if (takes_runs) {
      const RecordRun run = add_run(reader, awaited_by, most - taken, now, ready);
      reader.take(run);
      taken += run.messages;
    } else {
      reader.peek(next_);
      next_.awaited_by = awaited_by;
      add(next_, now, ready);
      reader.take(next_);
      ++taken;
    }
  }
  // Of a run a part may go out, and no worker waits for what another one has behind it.
  const bool is_whole = makes_runs() && awaited_by != nullptr && reader.left() == 0;
  if (is_whole && !open_.empty()) static_cast<void>(try_cut(open_.begin(), now, ready));
  return taken;
}

/// \return what is in a frame now: one message at least
RecordRun Batcher::add_run(const TransactionReader& reader, Lane* awaited_by, std::size_t most,
                           Clock::time_point now, std::deque<Frame>& ready) {
  const auto deadline = reader.published() + settings_.batch_linger;
  const auto that_fits = [&](const OpenFrame& frame) {
    return is_full(frame) ? RecordRun()
                          : reader.peek_run(most_bytes() - frame.body.size(),
                                            std::min(most, most_messages() - frame.messages));
  };
  auto found = open_.begin();  // one at most
  RecordRun run;
  if (found != open_.end()) {
    run = that_fits(found->second);
    if (run.messages == 0 && found->second.messages != 0) {
      cut(found, now, ready);
      found = open_.end();
    }
  }
  if (found == open_.end()) {
    found = open({}, deadline, now, ready);
    run = that_fits(found->second);
  } else if (deadline < found->first) {
    found = make_due_by(found, deadline);
  }
  if (run.messages == 0) run = reader.peek_run(SIZE_MAX, 1);  // larger than a frame: it goes alone
  OpenFrame& frame = found->second;
  Share* const share = awaited_by == nullptr ? nullptr : &share_of(awaited_by, frame.shares);
  if (makes_runs() && frame.messages == 0) frame.body = new_body(run.records.size());
  frame.body.append(run.records);
  if (share != nullptr) hold(*share, run.messages);
  open_bytes_ += run.records.size();
  frame.count(run.messages, true, reader.published());
  // The messages are in. To throw now would have them added again.
  if (is_full(frame)) static_cast<void>(try_cut(found, now, ready));
  return run;
}

void Batcher::add(const Message& message, Clock::time_point now, std::deque<Frame>& ready) {
  if (settings_.format == Format::kRaw) return add_raw(message, ready);
  if (!settings_.dyna_topic) return add_to_frame({}, message, true, now, ready);
  for (std::size_t i = 0; i < message.topic_count; ++i) {
    add_to_frame(message.topics[i], message, i == 0, now, ready);
  }
}

void Batcher::add_raw(const Message& message, std::deque<Frame>& ready) {
  if (settings_.topics.empty() || settings_.has_topic_frame()) {
    return add_raw_frame({}, message, true, ready);
  }
  if (settings_.dyna_topic) {
    for (std::size_t i = 0; i < message.topic_count; ++i) {
      add_raw_frame(message.topics[i], message, i == 0, ready);
    }
  } else {
    for (const std::string& topic : settings_.topics) {
      add_raw_frame(topic, message, &topic == &settings_.topics.front(), ready);
    }
  }
}

/// \throws std::bad_alloc, and there is no such frame
void Batcher::add_raw_frame(std::string_view prefix, const Message& message, bool settles,
                            std::deque<Frame>& ready) const {
  Frame& frame = ready.emplace_back();
  try {
    frame.body = new_body(prefix.size() + message.payload.size());
    frame.body.append(prefix);
    frame.body.append(message.payload);
    if (settings_.has_topic_frame()) {
      if (settings_.dyna_topic) {
        frame.own_topics.assign(message.topics.begin(),
                                message.topics.begin() + message.topic_count);
      }
      frame.topics = settings_.dyna_topic ? frame.own_topics : settings_.topics;
    }
    if (message.awaited_by != nullptr) hold(share_of(message.awaited_by, frame.shares), 1);
  } catch (const std::bad_alloc&) {
    ready.pop_back();
    throw;
  }
  frame.held = 1;
  if (settles) {
    frame.messages = 1;
    frame.published.add(message.published);
  }
  frame.seal();
}

void Batcher::add_to_frame(std::string_view topic, const Message& message, bool settles,
                           Clock::time_point now, std::deque<Frame>& ready) {
  const auto deadline = message.published + settings_.batch_linger;
  auto found = find(topic);
  std::size_t bytes = 0;
  if (found != open_.end()) {
    bytes = encoded_bytes(found->second, message.payload);
    if (!has_room(found->second, bytes)) {
      cut(found, now, ready);
      found = open_.end();
    }
  }
  if (found == open_.end()) {
    found = open(topic, deadline, now, ready);
    bytes = encoded_bytes(found->second, message.payload);
  } else if (deadline < found->first) {
    found = make_due_by(found, deadline);
  }
  OpenFrame& frame = found->second;
  Share* const share =
      message.awaited_by == nullptr ? nullptr : &share_of(message.awaited_by, frame.shares);
  encode(frame, message.payload, bytes);
  if (share != nullptr) hold(*share, 1);
  open_bytes_ += bytes;
  frame.count(1, settles, message.published);
  // The message is in. To throw now would have it added again.
  if (is_full(frame)) static_cast<void>(try_cut(found, now, ready));
  while (open_bytes_ > kMaxOpenBytes && open_.size() > 1 && try_cut(open_.begin(), now, ready)) {
  }
}

void Batcher::encode(OpenFrame& frame, std::string_view payload, std::size_t encoded_bytes) const {
  if (packer_) {
    append_record(frame.body, payload);
  } else {
    append_line(frame.body, payload, frame.messages, encoded_bytes);
  }
}

Batcher::Open::iterator Batcher::find(std::string_view topic) {
  if (!settings_.dyna_topic) return open_.begin();  // one at most; end() if there is none
  const auto found = by_topic_.find(topic);
  return found == by_topic_.end() ? open_.end() : found->second;
}

Batcher::Open::iterator Batcher::open(std::string_view topic, Clock::time_point deadline,
                                      Clock::time_point now, std::deque<Frame>& ready) {
  if (open_.size() >= kMaxOpenFrames) cut(open_.begin(), now, ready);
  OpenFrame fresh;
  fresh.topic = topic;
  // The one frame of a stream without dynamic topics will be full often; one of many may not. A run
  // waits for nothing: add_run() knows its size.
  const bool has_expectation = !settings_.dyna_topic && !makes_runs();
  const std::size_t expected =
      has_expectation ? std::min(settings_.batch_max_bytes, kFirstBytes) : 0;
  if (expected != 0) {
    fresh.body = new_body(room_ + expected);
  } else if (room_ != 0) {
    fresh.body.reserve(room_);  // and how much more is not known
  }
  fresh.body.resize(room_);
  const auto frame = open_.emplace(deadline, std::move(fresh));
  if (settings_.dyna_topic) by_topic_.emplace(frame->second.topic, frame);
  return frame;
}

FrameBuffer Batcher::new_body(std::size_t bytes) const {
  FrameBuffer body = spares_ == nullptr ? FrameBuffer() : spares_->take(bytes);
  body.reserve(bytes);
  return body;
}

/// Another lane's message is older, though it was read later.
Batcher::Open::iterator Batcher::make_due_by(Open::iterator frame, Clock::time_point deadline) {
  auto node = open_.extract(frame);
  node.key() = deadline;
  const auto moved = open_.insert(std::move(node));
  if (settings_.dyna_topic) by_topic_.at(moved->second.topic) = moved;
  return moved;
}

void Batcher::cut(Open::iterator found, Clock::time_point now, std::deque<Frame>& ready) {
  OpenFrame& frame = found->second;
  if (frame.messages == 0) {
    // Memory ran out when it was opened.
  } else if (packer_) {
    const std::size_t bytes = frame.body.size();
    packer_->pack(frame.topic, frame.body, frame.messages, frame.settles, now, ready);
    // Of the frames of several topics the last one goes out last.
    ready.back().shares = std::move(frame.shares);
    ready.back().published = std::move(frame.published);
    open_bytes_ -= bytes - room_;
  } else {
    cut_unnumbered(frame, ready);
  }
  if (settings_.dyna_topic) by_topic_.erase(frame.topic);
  open_.erase(found);
}

bool Batcher::try_cut(Open::iterator frame, Clock::time_point now,
                      std::deque<Frame>& ready) noexcept {
  try {
    cut(frame, now, ready);
    return true;
  } catch (const std::bad_alloc&) {
    return false;  // it stays open, and the next add() or its deadline tries again
  }
}

/// Lines or a run.
void Batcher::cut_unnumbered(OpenFrame& open_frame, std::deque<Frame>& ready) {
  Frame frame;
  frame.is_run = makes_runs();
  if (settings_.dyna_topic) frame.own_topics.push_back(open_frame.topic);
  frame.topics = settings_.dyna_topic ? frame.own_topics : settings_.topics;
  frame.messages = open_frame.settles;
  frame.held = open_frame.messages;
  ready.emplace_back();
  // Nothing throws from here on.
  frame.shares = std::move(open_frame.shares);
  frame.published = std::move(open_frame.published);
  open_bytes_ -= open_frame.body.size();
  frame.body = std::move(open_frame.body);
  frame.body.shrink();
  frame.seal();
  ready.back() = std::move(frame);
}

void Batcher::cut_due(Clock::time_point now, std::deque<Frame>& ready) {
  while (!open_.empty() && open_.begin()->first <= now) cut(open_.begin(), now, ready);
}

void Batcher::cut_all(Clock::time_point now, std::deque<Frame>& ready) {
  while (!open_.empty()) cut(open_.begin(), now, ready);
}

std::size_t Batcher::discard_all() noexcept {
  std::size_t settled = 0;
  for (const auto& [deadline, frame] : open_) settled += frame.settles;
  by_topic_.clear();
  open_.clear();
  open_bytes_ = 0;
  return settled;
}

Clock::time_point Batcher::next_deadline() const noexcept {
  return open_.empty() ? Clock::time_point::max() : open_.begin()->first;
}

}  // namespace omzmq
