// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/troubles.hpp"

#include <fmt/format.h>

namespace omzmq::tap {

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string describe(const Troubles& troubles) {
  std::string text;
  const auto append = [&text](std::uint64_t count, const std::string& words) {
    if (count > 0) {
      text += ", " + words;
    }
  };
  append(troubles.missing(), fmt::format("{} missing", troubles.missing()));
  append(troubles.duplicates, counted(troubles.duplicates, "duplicate"));
  append(troubles.dropped, fmt::format("{} dropped", counted(troubles.dropped, "duplicate")));
  append(troubles.restarts, counted(troubles.restarts, "restart"));
  append(troubles.corrupt, fmt::format("{} corrupt", troubles.corrupt));
  append(troubles.handshakes, fmt::format("{} failed", counted(troubles.handshakes, "handshake")));
  append(troubles.forgotten, fmt::format("{} forgotten", counted(troubles.forgotten, "stream")));
  return text;
}

std::string summarize(const Troubles& troubles) {
  std::string text = fmt::format("{} missing in {}", counted(troubles.missing(), "message"),
                                 counted(troubles.gaps, "gap"));
  if (troubles.recovered > 0) {
    text += fmt::format(" ({} more came late)", troubles.recovered);
  }
  text += fmt::format(", {}", counted(troubles.duplicates, "duplicate"));
  if (troubles.dropped > 0) {
    text += fmt::format(" (and {} not written again)", troubles.dropped);
  }
  text += fmt::format(", {}, {}", counted(troubles.restarts, "restart"),
                      counted(troubles.corrupt, "corrupt frame"));
  if (troubles.handshakes > 0) {
    text += fmt::format(", {}", counted(troubles.handshakes, "failed handshake"));
  }
  if (troubles.forgotten > 0) {
    text += fmt::format(", {} forgotten, whose gaps are not known",
                        counted(troubles.forgotten, "stream"));
  }
  return text;
}

}  // namespace omzmq::tap
