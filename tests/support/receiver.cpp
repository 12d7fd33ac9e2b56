// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "receiver.hpp"

#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace omzmq::test {
namespace {

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// Takes one message from bytes at position at; false when it is not complete yet.
bool take_message(const std::string& bytes, std::size_t& at, Receiver::Message& message) {
  std::size_t next = at;
  if (bytes.size() - next < sizeof(std::uint32_t)) return false;
  const std::uint32_t parts = number_at(bytes, next);
  next += sizeof parts;
  for (std::uint32_t part = 0; part < parts; ++part) {
    if (bytes.size() - next < sizeof(std::uint32_t)) return false;
    const std::uint32_t size = number_at(bytes, next);
    next += sizeof size;
    if (bytes.size() - next < size) return false;
    message.emplace_back(bytes, next, size);
    next += size;
  }
  at = next;
  return true;
}

int count_of(const std::string& text, const std::string& word) {
  int found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

Receiver::Receiver(const TestDirectory& directory, const std::string& name, Options options)
    : base_(directory.file(name)), options_(std::move(options)) {}

void Receiver::start() {
  if (starts_ > 0) read_more();
  ++starts_;
  data_file_ = base_ + "." + std::to_string(starts_);
  offset_ = 0;
  std::vector<std::string> argv = {OMZMQ_TEST_RECEIVER,
                                   "--type",
                                   options_.type,
                                   options_.bind ? "--bind" : "--connect",
                                   options_.endpoint,
                                   "--file",
                                   data_file_,
                                   "--hwm",
                                   std::to_string(options_.receive_hwm),
                                   "--buffer",
                                   std::to_string(options_.receive_buffer)};
  for (const auto& prefix : options_.subscriptions) {
    argv.emplace_back("--subscribe");
    argv.push_back(prefix);
  }
  const std::string status = base_ + ".status";
  process_.start(argv, status, base_ + ".err");
  const bool ready = wait_until(
      [&] { return !process_.running() || count_of(read_file(status), "ready\n") >= starts_; });
  if (!ready || !process_.running()) {
    throw std::runtime_error("test_receiver did not come up: " + read_file(base_ + ".err"));
  }
}

void Receiver::stop() {
  process_.send_signal(SIGTERM);
  if (!process_.wait()) throw std::runtime_error("test_receiver did not end");
}

void Receiver::kill() { process_.kill(); }

bool Receiver::wait_connected(int handshakes) {
  return wait_until(
      [&] { return count_of(read_file(base_ + ".status"), "handshake\n") >= handshakes; });
}

bool Receiver::wait_for(std::size_t count, std::chrono::milliseconds bound) {
  return wait_until(
      [&] {
        read_more();
        return messages_.size() >= count;
      },
      bound);
}

std::size_t Receiver::count() {
  read_more();
  return messages_.size();
}

const std::vector<Receiver::Message>& Receiver::messages() {
  read_more();
  return messages_;
}

std::vector<std::string> Receiver::payloads(std::size_t part) {
  std::vector<std::string> payloads;
  for (const auto& message : messages()) {
    payloads.push_back(part < message.size() ? message[part] : "(no such part)");
  }
  return payloads;
}

void Receiver::read_more() {
  std::ifstream in(data_file_, std::ios::binary);
  if (!in.seekg(static_cast<std::streamoff>(offset_))) return;
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::size_t at = 0;
  for (Message message; take_message(bytes, at, message); message = {}) {
    messages_.push_back(std::move(message));
  }
  offset_ += at;
}

}  // namespace omzmq::test
