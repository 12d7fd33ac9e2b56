// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "web_events.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iterator>
#include <string_view>

namespace omzmq::demo {
namespace {

using namespace std::string_view_literals;

// In the order of how often they are asked for.
constexpr std::array kPages{
    "/"sv,
    "/products"sv,
    "/assets/app.css"sv,
    "/assets/app.js"sv,
    "/api/v1/cart"sv,
    "/search?q=coffee"sv,
    "/products/1042"sv,
    "/products/2210"sv,
    "/images/hero.webp"sv,
    "/api/v1/session"sv,
    "/login"sv,
    "/products/877"sv,
    "/api/v1/orders"sv,
    "/favicon.ico"sv,
    "/checkout"sv,
    "/about"sv,
    "/search?q=filter+paper"sv,
    "/robots.txt"sv,
    "/api/v1/recommendations?for=1042"sv,
    "/account/orders"sv,
    "/help/returns"sv,
    "/blog/how-to-descale"sv,
};

// Asked for by scanners and by old links: not there.
constexpr std::array kMissingPages{"/wp-login.php"sv, "/.env"sv, "/products/13"sv, "/old-shop"sv};

constexpr std::array kHosts{"shop.example.com"sv, "www.example.com"sv, "api.example.net"sv};

constexpr std::array kMethods{"GET"sv, "POST"sv, "HEAD"sv, "PUT"sv};
constexpr std::array kMethodWeights{86.0, 10.0, 2.0, 2.0};

constexpr std::array kUserAgents{
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/128.0"sv,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Safari/605.1"sv,
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0"sv,
    "Mozilla/5.0 (Android 14; Mobile) Firefox/127.0"sv,
    "curl/8.5.0"sv,
    "ExampleBot/2.1 (+https://example.org/bot)"sv,
};
constexpr std::array kUserAgentWeights{34.0, 22.0, 20.0, 15.0, 4.0, 5.0};

constexpr std::array kStatuses{200, 304, 302, 404, 403, 500, 503};
constexpr std::array kStatusWeights{88.0, 6.5, 2.5, 1.5, 0.5, 0.7, 0.3};

constexpr std::size_t kClients = 300;
constexpr double kMaxBytes = 5e6;
constexpr double kErrorFactor = 25;  // failures take so many times longer

// Reserved for documentation.
constexpr std::array kNetworks{"192.0.2"sv, "198.51.100"sv, "203.0.113"sv};

constexpr double kMissingShare = 0.01;

// Zipf's law: the n-th most popular has 1/n of the requests of the first.
std::discrete_distribution<std::size_t> make_zipf(std::size_t count) {
  std::vector<double> weights;
  for (std::size_t rank = 1; rank <= count; ++rank) {
    weights.push_back(1.0 / static_cast<double>(rank));
  }
  return {weights.begin(), weights.end()};
}

template <std::size_t kCount>
std::discrete_distribution<std::size_t> make_weighted(const std::array<double, kCount>& weights) {
  return {weights.begin(), weights.end()};
}

bool is_error(int status) { return status >= 500; }

}  // namespace

WebEvents::WebEvents(std::uint64_t seed)
    : random_(seed),
      page_(make_zipf(kPages.size())),
      client_(make_zipf(kClients)),
      method_(make_weighted(kMethodWeights)),
      user_agent_(make_weighted(kUserAgentWeights)),
      status_(make_weighted(kStatusWeights)),
      size_(8.3, 1.1),
      duration_(2.2, 0.9) {
  for (std::size_t i = 0; i < kClients; ++i) {
    client_addresses_.push_back(make_client_address());
  }
}

void WebEvents::append_line(TimePoint now, std::string& out) {
  const bool is_page_known = std::uniform_real_distribution<double>(0, 1)(random_) >= kMissingShare;
  const std::size_t page = page_(random_);
  const std::string_view path =
      is_page_known ? kPages[page] : kMissingPages[page % kMissingPages.size()];
  const int status = draw_status(is_page_known);
  const auto to = std::back_inserter(out);
  append_time(now, out);
  fmt::format_to(to,
                 R"("host":"{}","method":"{}","path":"{}","status":{},"bytes":{},)"
                 R"("duration_ms":{:.1f},"client":"{}","agent":"{}","request_id":"{:016x}"}})"
                 "\n",
                 kHosts[page % kHosts.size()], kMethods[method_(random_)], path, status,
                 draw_bytes(status), draw_duration_ms(status), client_addresses_[client_(random_)],
                 kUserAgents[user_agent_(random_)], next_request_++);
}

// The head of the line up to and with the event's time. Facility local0, severity informational.
void WebEvents::append_time(TimePoint now, std::string& out) {
  const std::time_t second = std::chrono::system_clock::to_time_t(now);
  if (second != formatted_second_) {
    formatted_second_ = second;
    iso_second_ = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(second));
    syslog_time_ = fmt::format("{:%b %e %H:%M:%S}", fmt::localtime(second));
  }
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
  fmt::format_to(std::back_inserter(out), R"(<134>{} web1 web: {{"time":"{}.{:03}Z",)",
                 syslog_time_, iso_second_, since_epoch.count() % 1000);
}

int WebEvents::draw_status(bool is_page_known) {
  return is_page_known ? kStatuses[status_(random_)] : 404;
}

std::uint32_t WebEvents::draw_bytes(int status) {
  if (status == 304) {
    return 0;
  }
  const double bytes = std::min(size_(random_), kMaxBytes);
  return static_cast<std::uint32_t>(status == 200 ? bytes : std::min(bytes, 900.0));
}

double WebEvents::draw_duration_ms(int status) {
  return duration_(random_) * (is_error(status) ? kErrorFactor : 1);
}

std::string WebEvents::make_client_address() {
  std::uniform_int_distribution<std::size_t> network(0, kNetworks.size() - 1);
  std::uniform_int_distribution<int> host(1, 254);
  return fmt::format("{}.{}", kNetworks[network(random_)], host(random_));
}

}  // namespace omzmq::demo
