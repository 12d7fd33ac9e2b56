// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

#include <algorithm>

#include "common/format.hpp"
#include "tap/screen/screen_line.hpp"
#include "tap/screen/screen_parts.hpp"
#include "tap/screen/sparkline.hpp"

namespace omzmq::tap {
namespace {

constexpr double kMegabyte = 1e6;
constexpr std::size_t kRateColumns = 8;  // of messages/s, and of MB/s
constexpr std::size_t kShareColumns = 6;
constexpr std::size_t kTotalColumns = 12;
constexpr std::size_t kMissedColumns = 8;
constexpr std::size_t kGap = 2;  // before the sparkline

/// Which columns a table has, and how wide they are; 0: left out.
struct TableColumns {
  std::size_t name = 0;
  std::size_t share = 0;
  std::size_t total = 0;
  std::size_t missed = 0;
  std::size_t history = 0;

  explicit TableColumns(const ScreenView& view) {
    constexpr std::size_t kMinName = 14;
    constexpr std::size_t kGoodName = 22;  // from here on the sparkline grows
    constexpr std::size_t kMaxName = 48;   // wider, and the numbers are far from their name
    constexpr std::size_t kMinHistory = 10;
    std::size_t room = view.size.columns - std::min(view.size.columns, 2 * kRateColumns + 1);
    const auto take = [&room](std::size_t columns) {
      const bool fits = room >= columns + kMinName;
      room -= fits ? columns : 0;
      return fits ? columns : 0;
    };
    missed = take(kMissedColumns);
    total = take(kTotalColumns);
    share = take(kShareColumns);
    if (take(kGap + kMinHistory) > 0) {
      const std::size_t more = room - std::min(room, kGoodName);
      history = kMinHistory + std::min(more, RateHistory::kSeconds - kMinHistory);
      room -= history - kMinHistory;
    }
    name = std::clamp(room, std::size_t{8}, kMaxName);
  }
};

struct Table {
  const ScreenView& view;
  TableColumns columns;
  double total_rate;  // messages/s of everything, for the shares

  [[nodiscard]] std::string heading(const std::string& name) const {
    ScreenLine line(view.size, view.style);
    const auto add = [&line](std::string_view text, std::size_t width) {
      if (width > 0) {
        line.add(DisplayText::ascii(std::string(text)).right_in(width), Emphasis::kDim);
      }
    };
    line.add(DisplayText::ascii(name).left_in(columns.name), Emphasis::kDim);
    add("msgs/s", kRateColumns);
    add("MB/s", kRateColumns);
    add("share", columns.share);
    add("total", columns.total);
    add("missed", columns.missed);
    if (columns.history > 0) {
      line.skip(kGap).add(formatted("last {} s", columns.history), Emphasis::kDim);
    }
    return line.text();
  }

  [[nodiscard]] std::string row(const DisplayText& name, Emphasis emphasis,
                                const Flow& flow) const {
    ScreenLine line(view.size, view.style);
    const auto add = [&line](std::string text, std::size_t width, Emphasis how = Emphasis::kNone) {
      if (width > 0) {
        line.add(DisplayText::ascii(std::move(text)).right_in(width), how);
      }
    };
    const double rate = flow.messages_per_second();
    line.add(name.left_in(columns.name), emphasis);
    add(short_number(rate), kRateColumns);
    add(formatted("{:.2f}", flow.bytes_per_second() / kMegabyte), kRateColumns);
    add(total_rate > 0 ? formatted("{:.0f}%", 100 * rate / total_rate) : "-", columns.share);
    add(grouped_number(flow.messages(), kTotalColumns - 1), columns.total);
    add(grouped_number(flow.missed(), kMissedColumns - 1), columns.missed,
        flow.missed() > 0 ? Emphasis::kAlarm : Emphasis::kNone);
    if (columns.history > 0) {
      line.skip(kGap).add(sparkline(flow.history(), columns.history, view.style.charset));
    }
    return line.text();
  }
};

/// `name_of(key, max_columns)` is what a row is called.
template <typename Flows, typename NameOf>
ScreenLines table_lines(const Traffic& traffic, const ScreenView& view, const std::string& heading,
                        const Flows& flows, std::size_t max_lines, const NameOf& name_of) {
  constexpr std::size_t kLeastLines = 2;
  if (max_lines < kLeastLines || flows.size() == 0) {
    return {};
  }
  const Table table{view, TableColumns(view), traffic.totals().flow.messages_per_second()};
  const std::size_t room = max_lines - 1;
  // The line that says how many more takes the place of a row; a single row wins over it.
  const bool has_more = flows.size() > room && room > 1;
  const auto rows = flows.busiest(has_more ? room - 1 : room);
  ScreenLines lines{table.heading(formatted("{} ({})", heading, flows.size()))};
  for (const auto& row : rows) {
    if (row.key == nullptr) {
      lines.push_back(table.row(DisplayText::ascii("(others)"), Emphasis::kDim, *row.flow));
    } else {
      const DisplayText name = name_of(*row.key, table.columns.name);
      lines.push_back(name.columns > 0
                          ? table.row(name, Emphasis::kNone, *row.flow)
                          : table.row(DisplayText::ascii("(no topic)"), Emphasis::kDim, *row.flow));
    }
  }
  if (has_more) {
    lines.push_back(more_line(flows.size() - rows.size(), view));
  }
  return lines;
}

}  // namespace

ScreenLines topic_lines(const Traffic& traffic, const ScreenView& view, std::size_t max_lines) {
  // Without topics the only row would repeat the totals.
  if (!traffic.topics().has_more_than({})) {
    return {};
  }
  return table_lines(traffic, view, "topics", traffic.topics(), max_lines,
                     [&view](const std::string& topic, std::size_t max_columns) {
                       return safe_text(topic, max_columns, view.style.charset);
                     });
}

ScreenLines stream_lines(const Traffic& traffic, const ScreenView& view, std::size_t max_lines) {
  return table_lines(traffic, view, "streams", traffic.streams(), max_lines,
                     [&view](const StreamKey& key, std::size_t max_columns) {
                       // The upper half tells epochs apart: they are random.
                       DisplayText name =
                           DisplayText::ascii(formatted("{:08x}/{}", key.epoch >> 32, key.stream));
                       if (name.columns + 1 < max_columns) {
                         const DisplayText topic = safe_text(
                             key.topic, max_columns - name.columns - 1, view.style.charset);
                         name.bytes += " " + topic.bytes;
                         name.columns += 1 + topic.columns;
                       }
                       return name;
                     });
}

ScreenLines extra_lines(const ScreenView& view, std::size_t max_lines) {
  if (view.extra_lines == nullptr) {
    return {};
  }
  const std::vector<std::string>& all = *view.extra_lines;
  const bool has_more = all.size() > max_lines && max_lines > 1;
  const std::size_t shown = std::min(all.size(), has_more ? max_lines - 1 : max_lines);
  ScreenLines lines;
  for (std::size_t i = 0; i < shown; ++i) {
    ScreenLine line(view.size, view.style);
    line.add(safe_text(all[i], line.room(), view.style.charset));
    lines.push_back(line.text());
  }
  if (has_more) {
    lines.push_back(more_line(all.size() - shown, view));
  }
  return lines;
}

std::string more_line(std::size_t count, const ScreenView& view) {
  const std::string dots = view.style.charset == Charset::kUtf8 ? "…" : "...";
  const DisplayText text{
      formatted("{} {} more", dots, count),
      (view.style.charset == Charset::kUtf8 ? 1 : 3) + formatted(" {} more", count).size()};
  return ScreenLine(view.size, view.style).add(text, Emphasis::kDim).text();
}

}  // namespace omzmq::tap
