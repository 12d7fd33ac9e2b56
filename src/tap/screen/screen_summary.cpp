// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

#include <algorithm>

#include "common/format.hpp"
#include "tap/screen/screen_line.hpp"
#include "tap/screen/screen_parts.hpp"
#include "tap/screen/sparkline.hpp"

namespace omzmq::tap {
namespace {

constexpr std::size_t kLabelColumns = 11;
constexpr std::size_t kValueColumns = 7;
constexpr double kMegabyte = 1e6;

/// Narrower screens have no room for labels and for fields of one width.
constexpr std::size_t kWideColumns = 76;

bool is_wide(const ScreenView& view) { return view.size.columns >= kWideColumns; }
bool is_tall(const ScreenView& view) { return view.size.rows >= kTallRows; }

ScreenLine start_line(const ScreenView& view) { return {view.size, view.style}; }

/// A piece of a line, in a field of its own on a wide screen so that it does not move the next.
struct Item {
  DisplayText text;
  std::size_t field;
  Emphasis emphasis = Emphasis::kNone;
};

std::string item_line(const ScreenView& view, const std::string& label,
                      const std::vector<Item>& items) {
  ScreenLine line = start_line(view);
  if (is_wide(view)) {
    line.add(DisplayText::ascii(label).left_in(kLabelColumns), Emphasis::kDim);
  }
  bool is_first = true;
  for (const Item& item : items) {
    line.skip(is_first ? 0 : 2).add(item.text, item.emphasis);
    if (is_wide(view) && item.field > item.text.columns) {
      line.skip(item.field - item.text.columns);
    }
    is_first = false;
  }
  return line.text();
}

std::string header_line(const Traffic& traffic, const ScreenView& view) {
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(view.now - traffic.started_at());
  std::string right = "up " + clock_time(uptime);
  if (const auto peers = traffic.totals().peers) {
    right = formatted("{} peer{}  {}", *peers, *peers == 1 ? "" : "s", right);
  }
  const std::string paused = view.paused ? "PAUSED  " : "";
  ScreenLine line = start_line(view);
  line.add("zmqtap", Emphasis::kBold);
  const std::size_t ends = paused.size() + right.size() + 4;
  if (line.room() > ends) {
    const DisplayText endpoints = safe_text(view.endpoints, line.room() - ends, view.style.charset);
    line.skip(2).add(endpoints.left_in(line.room() - (ends - 2)));
  }
  line.skip(2).add(paused, Emphasis::kBold).add(right, Emphasis::kDim);
  return line.text();
}

std::string rate_line(const ScreenView& view, const std::string& label, const std::string& value,
                      const RateHistory& history) {
  ScreenLine line = start_line(view);
  line.add(DisplayText::ascii(label).left_in(kLabelColumns), Emphasis::kDim)
      .add(DisplayText::ascii(value).right_in(kValueColumns), Emphasis::kBold)
      .skip(1);
  line.add(sparkline(history, std::min(line.room(), RateHistory::kSeconds), view.style.charset));
  return line.text();
}

std::string total_line(const Traffic::Totals& totals, const ScreenView& view) {
  constexpr std::size_t kNumberColumns = 15;
  return item_line(
      view, "total",
      {{DisplayText::ascii(grouped_number(totals.flow.messages(), kNumberColumns) + " messages"),
        24},
       {DisplayText::ascii(short_bytes(static_cast<double>(totals.flow.bytes()))), 10},
       {DisplayText::ascii(grouped_number(totals.frames, kNumberColumns) + " frames"), 0}});
}

std::string frame_line(const Traffic::Totals& totals, const ScreenView& view) {
  std::vector<Item> items{{DisplayText::ascii(short_number(totals.frames_per_second) + "/s"), 10}};
  if (totals.frames > 0) {
    const auto frames = static_cast<double>(totals.frames);
    const auto messages = static_cast<double>(totals.flow.messages());
    const auto frame_bytes = static_cast<double>(totals.frame_bytes);
    const auto bytes = static_cast<double>(totals.flow.bytes());
    items.push_back({DisplayText::ascii(short_bytes(frame_bytes / frames) + " each"), 13});
    items.push_back({DisplayText::ascii(short_number(messages / frames) + " messages each"), 19});
    // Less than that is the headers of frames, not a compression.
    if (frame_bytes > 0 && bytes / frame_bytes >= 1.05) {
      items.push_back({DisplayText::ascii(formatted("packed {:.1f}:1", bytes / frame_bytes)), 0});
    }
  }
  return item_line(view, "frames", items);
}

std::string loss_line(const Traffic::Totals& totals, const ScreenView& view) {
  struct Loss {
    std::string_view name;
    std::uint64_t count;
    std::size_t number_columns;
    Emphasis emphasis;
  };
  const Loss losses[] = {{"missed", totals.flow.missed(), 11, Emphasis::kAlarm},
                         {"corrupt", totals.corrupt, 5, Emphasis::kAlarm},
                         {"duplicates", totals.duplicates, 5, Emphasis::kAlarm},
                         {"restarts", totals.restarts, 5, Emphasis::kBold},
                         // How often messages were missed; there where there is room for it.
                         {"gaps", totals.gaps, 5, Emphasis::kAlarm}};
  std::vector<Item> items;
  for (const Loss& loss : losses) {
    if (loss.count > 0 || is_wide(view)) {
      const std::string number = grouped_number(loss.count, loss.number_columns);
      items.push_back({DisplayText::ascii(formatted("{} {}", loss.name, number)),
                       loss.name.size() + 1 + loss.number_columns,
                       loss.count > 0 ? loss.emphasis : Emphasis::kNone});
    }
  }
  if (items.empty()) {
    items.push_back({DisplayText::ascii("no losses"), 0});
  }
  return item_line(view, "losses", items);
}

std::string latency_line(const Traffic& traffic, const ScreenView& view) {
  constexpr double kMost = 0.99;
  const LatencyHistogram latency = traffic.recent_latency();
  if (latency.count() == 0) {
    const bool is_negative = latency.negative_count() > 0;
    const std::string text = is_negative ? "latency below 0" : "latency not known";
    return item_line(view, "latency", {{DisplayText::ascii(text), 0}});
  }
  const auto item = [&](const std::string& name, std::chrono::microseconds value) {
    const DisplayText duration = short_duration(value, view.style.charset);
    return Item{{name + " " + duration.bytes, name.size() + 1 + duration.columns}, 13};
  };
  return item_line(view, "latency",
                   {item("p50", latency.quantile(0.5)),
                    item("p99", latency.quantile(kMost)),
                    item("max", latency.max()),
                    {DisplayText::ascii("in the last minute"), 0, Emphasis::kDim}});
}

std::string clock_line(const LatencyHistogram& latency, const ScreenView& view) {
  const DisplayText most = short_duration(latency.most_negative(), view.style.charset);
  const std::string text = "negative latencies " + grouped_number(latency.negative_count(), 9);
  return item_line(view, "clocks",
                   {{DisplayText::ascii(text), 0, Emphasis::kAlarm},
                    {{"to " + most.bytes, 3 + most.columns}, 0},
                    {DisplayText::ascii("clocks of hosts differ"), 0, Emphasis::kDim}});
}

}  // namespace

ScreenLines summary_lines(const Traffic& traffic, const ScreenView& view) {
  const Traffic::Totals& totals = traffic.totals();
  ScreenLines lines{header_line(traffic, view)};
  if (is_tall(view)) {
    lines.emplace_back();
  }
  lines.push_back(rate_line(view, "messages/s", short_number(totals.flow.messages_per_second()),
                            totals.flow.history()));
  lines.push_back(rate_line(view, "MB/s",
                            formatted("{:.2f}", totals.flow.bytes_per_second() / kMegabyte),
                            totals.bytes_history));
  if (is_tall(view)) {
    lines.push_back(total_line(totals, view));
    lines.push_back(frame_line(totals, view));
  }
  lines.push_back(loss_line(totals, view));
  lines.push_back(latency_line(traffic, view));
  if (const LatencyHistogram all = traffic.latency_in_all(); all.negative_count() > 0) {
    lines.push_back(clock_line(all, view));
  }
  return lines;
}

std::string key_line(const ScreenView& view) {
  const std::string pause = view.paused ? "p go on" : "p pause";
  const std::string order = view.streams_first ? "t topics first" : "s streams first";
  return start_line(view).add("q quit   " + pause + "   " + order, Emphasis::kDim).text();
}

}  // namespace omzmq::tap
