// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/troubles.hpp"

#include "common/format.hpp"

namespace omzmq::tap {

std::string counted(std::uint64_t count, std::string_view noun) {
  return formatted("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string describe(const Troubles& troubles) {
  std::string text;
  const auto append = [&text](std::uint64_t count, const std::string& words) {
    if (count > 0) {
      text += ", " + words;
    }
  };
  append(troubles.missing(), formatted("{} missing", troubles.missing()));
  append(troubles.duplicates, counted(troubles.duplicates, "duplicate"));
  append(troubles.dropped, formatted("{} dropped", counted(troubles.dropped, "duplicate")));
  append(troubles.restarts, counted(troubles.restarts, "restart"));
  append(troubles.corrupt, formatted("{} corrupt", troubles.corrupt));
  append(troubles.handshakes, formatted("{} failed", counted(troubles.handshakes, "handshake")));
  append(troubles.forgotten, formatted("{} forgotten", counted(troubles.forgotten, "stream")));
  return text;
}

std::string summarize(const Troubles& troubles) {
  std::string text = formatted("{} missing in {}", counted(troubles.missing(), "message"),
                               counted(troubles.gaps, "gap"));
  if (troubles.recovered > 0) {
    text += formatted(" ({} more came late)", troubles.recovered);
  }
  text += formatted(", {}", counted(troubles.duplicates, "duplicate"));
  if (troubles.dropped > 0) {
    text += formatted(" (and {} not written again)", troubles.dropped);
  }
  text += formatted(", {}, {}", counted(troubles.restarts, "restart"),
                    counted(troubles.corrupt, "corrupt frame"));
  if (troubles.handshakes > 0) {
    text += formatted(", {}", counted(troubles.handshakes, "failed handshake"));
  }
  if (troubles.forgotten > 0) {
    text += formatted(", {} forgotten, whose gaps are not known",
                      counted(troubles.forgotten, "stream"));
  }
  return text;
}

}  // namespace omzmq::tap
