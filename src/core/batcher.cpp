// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/batcher.hpp"

#include <algorithm>
#include <utility>

#include "core/encoder.hpp"

namespace omzmq {
namespace {

/// Of a frame that will be full often.
constexpr std::size_t kFirstBytes = std::size_t{64} << 10;

void push(Frame&& frame, std::deque<Frame>& ready) {
  frame.seal();
  ready.push_back(std::move(frame));
}

}  // namespace

void Batcher::add(const Message& message, std::deque<Frame>& ready) {
  if (settings_.format == Format::kRaw) return add_raw(message, ready);
  if (!settings_.dyna_topic) return add_line({}, message, true, ready);
  for (std::size_t i = 0; i < message.topic_count; ++i) {
    add_line(message.topics[i], message, i == 0, ready);
  }
}

void Batcher::add_raw(const Message& message, std::deque<Frame>& ready) {
  if (settings_.topics.empty() || settings_.has_topic_frame()) {
    Frame frame;
    frame.body.append(message.payload);
    frame.own_topics.assign(message.topics.begin(), message.topics.begin() + message.topic_count);
    frame.topics = settings_.dyna_topic ? frame.own_topics : settings_.topics;
    frame.messages = 1;
    return push(std::move(frame), ready);
  }
  const auto add_prefixed = [&](std::string_view topic, bool settles) {
    Frame frame;
    frame.body.reserve(topic.size() + message.payload.size());
    frame.body.append(topic);
    frame.body.append(message.payload);
    frame.messages = settles ? 1 : 0;
    push(std::move(frame), ready);
  };
  if (settings_.dyna_topic) {
    for (std::size_t i = 0; i < message.topic_count; ++i) add_prefixed(message.topics[i], i == 0);
  } else {
    for (const std::string& topic : settings_.topics) {
      add_prefixed(topic, &topic == &settings_.topics.front());
    }
  }
}

void Batcher::add_line(std::string_view topic, const Message& message, bool settles,
                       std::deque<Frame>& ready) {
  const auto deadline = message.published + settings_.batch_linger;
  auto found = find(topic);
  if (found != open_.end() &&
      found->second.body.size() + line_bytes(message.payload, found->second.messages) >
          settings_.batch_max_bytes) {
    cut(found, ready);
    found = open_.end();
  }
  found = found == open_.end() ? open(topic, deadline, ready) : make_due_by(found, deadline);
  OpenFrame& frame = found->second;
  const std::size_t before = frame.body.size();
  append_line(frame.body, message.payload, frame.messages);
  open_bytes_ += frame.body.size() - before;
  ++frame.messages;
  if (settles) ++frame.settles;
  if (frame.messages >= settings_.batch_max_messages ||
      frame.body.size() >= settings_.batch_max_bytes) {
    cut(found, ready);
  }
  while (open_bytes_ > kMaxOpenBytes && open_.size() > 1) cut(open_.begin(), ready);
}

Batcher::Open::iterator Batcher::find(std::string_view topic) {
  if (!settings_.dyna_topic) return open_.begin();  // one at most; end() if there is none
  const auto found = by_topic_.find(topic);
  return found == by_topic_.end() ? open_.end() : found->second;
}

Batcher::Open::iterator Batcher::open(std::string_view topic, Clock::time_point deadline,
                                      std::deque<Frame>& ready) {
  if (open_.size() >= kMaxOpenFrames) cut(open_.begin(), ready);
  OpenFrame fresh;
  fresh.topic = topic;
  // The one frame of a stream without dynamic topics will be full often; one of many may not.
  if (!settings_.dyna_topic) fresh.body.reserve(std::min(settings_.batch_max_bytes, kFirstBytes));
  const auto frame = open_.emplace(deadline, std::move(fresh));
  if (settings_.dyna_topic) by_topic_.emplace(frame->second.topic, frame);
  return frame;
}

Batcher::Open::iterator Batcher::make_due_by(Open::iterator frame, Clock::time_point deadline) {
  if (frame->first <= deadline) return frame;
  // Another lane's message is older, though it was read later.
  auto node = open_.extract(frame);
  node.key() = deadline;
  const auto moved = open_.insert(std::move(node));
  if (settings_.dyna_topic) by_topic_.at(moved->second.topic) = moved;
  return moved;
}

void Batcher::cut(Open::iterator found, std::deque<Frame>& ready) {
  OpenFrame& open_frame = found->second;
  const bool is_empty = open_frame.messages == 0;  // memory ran out when it was opened
  Frame frame;
  if (settings_.dyna_topic) frame.own_topics.reserve(1);
  if (!is_empty) ready.emplace_back();
  // Nothing throws from here on.
  frame.messages = open_frame.settles;
  open_bytes_ -= open_frame.body.size();
  if (settings_.dyna_topic) {
    by_topic_.erase(open_frame.topic);
    frame.own_topics.push_back(std::move(open_frame.topic));
    frame.topics = frame.own_topics;
  } else {
    frame.topics = settings_.topics;
  }
  frame.body = std::move(open_frame.body);
  frame.body.shrink();
  frame.seal();
  open_.erase(found);
  if (!is_empty) ready.back() = std::move(frame);
}

void Batcher::cut_due(Clock::time_point now, std::deque<Frame>& ready) {
  while (!open_.empty() && open_.begin()->first <= now) cut(open_.begin(), ready);
}

void Batcher::cut_all(std::deque<Frame>& ready) {
  while (!open_.empty()) cut(open_.begin(), ready);
}

Clock::time_point Batcher::next_deadline() const noexcept {
  return open_.empty() ? Clock::time_point::max() : open_.begin()->first;
}

}  // namespace omzmq
