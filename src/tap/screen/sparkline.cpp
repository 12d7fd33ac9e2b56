// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace omzmq::tap {

DisplayText sparkline(const RateHistory& history, std::size_t seconds, Charset charset) {
  static constexpr std::array<std::string_view, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 8> kAsciiBars{"_", ".", ":", "-",
                                                              "=", "+", "*", "#"};
  const auto& bars = charset == Charset::kUtf8 ? kBars : kAsciiBars;
  const std::size_t known = std::min(seconds, history.size());
  float highest = 0;
  for (std::size_t age = 0; age < known; ++age) {
    highest = std::max(highest, history.at(age));
  }
  DisplayText line{std::string(seconds - known, ' '), seconds};
  for (std::size_t age = known; age-- > 0;) {
    const float rate = history.at(age);
    const auto steps = static_cast<float>(bars.size() - 1);
    const std::size_t bar =
        rate > 0 ? static_cast<std::size_t>(std::ceil(rate / highest * steps)) : 0;
    line.bytes += bars[std::min(bar, bars.size() - 1)];
  }
  return line;
}

}  // namespace omzmq::tap
