// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "bench/pipeline/texts.hpp"

#include <algorithm>
#include <random>

#include "bench/pipeline/numbered.hpp"

namespace omzmq::bench {
namespace {

/// Many more than messages are batched together, so that repeating them shows nowhere.
constexpr std::size_t kSequence = std::size_t{1} << 19;

omzmq_slice slice_of(const char* data, std::size_t bytes) {
  return {reinterpret_cast<const unsigned char*>(data), 0, static_cast<std::uint32_t>(bytes)};
}

/// One of `count` numbers, k with a weight of 1 / (k + 1).
class Zipf {
 public:
  explicit Zipf(std::size_t count) {
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k)
      sums_.push_back(sum += 1.0 / static_cast<double>(k + 1));
  }
  std::uint32_t operator()(std::mt19937& random) const {
    const double at = sums_.back() * (static_cast<double>(random()) / 4294967296.0);
    return static_cast<std::uint32_t>(std::upper_bound(sums_.begin(), sums_.end(), at) -
                                      sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

}  // namespace

Topics::Topics(std::size_t count, TopicOrder order) {
  if (count == 0) return;
  for (std::size_t i = 0; i < count; ++i) names_.push_back("host." + std::to_string(100000 + i));
  if (order == TopicOrder::kRoundRobin) {
    for (std::uint32_t i = 0; i < count; ++i) sequence_.push_back(i);
    return;
  }
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same sequence in each run
  const Zipf zipf(count);
  for (std::size_t i = 0; i < kSequence; ++i) sequence_.push_back(zipf(random));
}

Texts::Texts(const Plan& plan, const Topics& topics, std::size_t worker)
    : messages_(plan.transaction),
      each_(plan.bytes),
      worker_(worker),
      topics_(topics),
      bytes_(plan.transaction * plan.bytes, 'x') {
  for (std::size_t i = 0; i < messages_; ++i) {
    slices_.push_back(slice_of(text(i), each_));
    if (!topics.is_empty()) slices_.emplace_back();
  }
}

void Texts::render() {
  for (std::size_t i = 0; i < messages_; ++i) {
    const std::uint64_t number = next_++;
    write_number(&bytes_[i * each_], worker_, number);
    if (topics_.is_empty()) continue;
    const std::string& topic = topics_.of(number);
    slices_[2 * i + 1] = slice_of(topic.data(), topic.size());
  }
}

}  // namespace omzmq::bench
