// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tapped_receiver.hpp"

#include <string_view>
#include <utility>

#include "counts.hpp"

namespace omzmq::test {
namespace {

// "7 messages missing in 1 gap, 12 duplicates, 0 restarts, …": the number before the word that
// begins at `at`.
unsigned number_before(std::string_view text, std::size_t at) {
  const auto end = text.find_last_of("0123456789", at);
  if (end == std::string_view::npos) return 0;
  const auto begin = text.find_last_not_of("0123456789", end) + 1;
  return static_cast<unsigned>(std::stoul(std::string(text.substr(begin, end + 1 - begin))));
}

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    ++found;
  }
  return found;
}

constexpr std::string_view kMissing = " missing in ";

}  // namespace

TappedReceiver::TappedReceiver(const TestDirectory& directory, const std::string& name,
                               Options options)
    : base_(directory.file(name)), options_(std::move(options)) {}

void TappedReceiver::start() {
  ++starts_;
  const std::string file = file_of(starts_);
  written_.follow(file);
  std::vector<std::string> argv = options_.before;
  for (const auto& word :
       {std::string(OMZMQ_TEST_ZMQTAP), options_.source,
        std::string(options_.bind ? "--bind" : "--connect"), options_.endpoint}) {
    argv.push_back(word);
  }
  argv.insert(argv.end(), options_.arguments.begin(), options_.arguments.end());
  process_.start(argv, file, errors_file());
}

int TappedReceiver::stop() {
  process_.send_signal(SIGTERM);
  const auto ended = process_.wait();
  return ended ? ended->exit_code : -1;
}

std::string TappedReceiver::text() const {
  std::string text;
  for (int start = 1; start <= starts_; ++start) text += read_file(file_of(start));
  return text;
}

bool TappedReceiver::wait_for_all(unsigned count, std::chrono::milliseconds bound, unsigned first) {
  return test::wait_for_all({this}, count, bound, first);
}

bool TappedReceiver::wait_for(unsigned different, std::chrono::milliseconds bound) {
  return wait_until([&] { return this->different() >= different; }, bound);
}

std::optional<TapSummary> TappedReceiver::summary() const {
  const std::size_t before = count_of(errors(), kMissing);
  process_.send_signal(SIGUSR1);
  std::string text;
  const bool came = wait_until([&] {
    text = errors();
    return count_of(text, kMissing) > before && text.ends_with('\n');
  });
  if (!came) return std::nullopt;
  TapSummary summary;
  const auto at = text.rfind(kMissing);
  const auto line = text.find('\n', at);
  summary.missing = number_before(text, at);
  if (const auto word = text.find(" duplicate", at); word < line) {
    summary.duplicates = number_before(text, word);
  }
  if (const auto word = text.find(" restart", at); word < line) {
    summary.restarts = number_before(text, word);
  }
  return summary;
}

bool wait_for_all(const std::vector<TappedReceiver*>& receivers, unsigned count,
                  std::chrono::milliseconds bound, unsigned first) {
  return wait_until(
      [&] {
        unsigned different = 0;
        for (TappedReceiver* receiver : receivers) different += receiver->different();
        if (different < count) return false;  // cheap, and nearly always the answer
        std::vector<unsigned> all;
        for (TappedReceiver* receiver : receivers)
          all = united(std::move(all), receiver->numbers());
        return count_numbers(all, count, first).missing == 0;
      },
      bound);
}

}  // namespace omzmq::test
