// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/field_count.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>
#include <vector>

#include "skewed.hpp"
#include "tap/text/usage_error.hpp"

namespace omzmq::tap {
namespace {

void count(FieldCount& counted, std::string_view payload, int times) {
  for (int i = 0; i < times; ++i) {
    counted.count(payload);
  }
}

TEST(FieldCount, ShowsTheMostFrequentValuesAndAllElse) {
  FieldCount counted({.count_by = ".status", .distinct = ".ip", .show = 2});
  count(counted, R"({"status":200,"ip":"192.0.2.1"})", 6);
  count(counted, R"({"status":"404","ip":"192.0.2.2"})", 3);
  count(counted, R"(@cee: {"status":"a\nb"})", 1);
  count(counted, R"({"ip":null})", 2);
  count(counted, "plain text", 4);
  EXPECT_EQ(counted.lines(),
            "zmqtap: 10 records counted by .status\n"
            "           6   60.0 %  200\n"
            "           3   30.0 %  404\n"
            "           1   10.0 %  (all others)\n"
            "zmqtap: 2 records without .status, 4 not JSON\n"
            "zmqtap: about 3 different .ip (standard error 0.81 %), 1 record without it\n");
  EXPECT_EQ(counted.json(),
            R"({"field":".status","total":16,"counted":10,"not_json":4,"without_field":2,)"
            R"("max_error":0,"top":[{"value":"200","count":6,"error":0},)"
            R"({"value":"404","count":3,"error":0}],)"
            R"("distinct":{"field":".ip","counted":11,"without_field":1,"estimate":3,)"
            R"("error_percent":0.81}})");
  EXPECT_EQ(counted.total(), 16U);
}

TEST(FieldCount, OfNothingIsAllZeros) {
  const FieldCount counted({.count_by = ".a", .distinct = ".b"});
  EXPECT_EQ(counted.lines(),
            "zmqtap: 0 records counted by .a\n"
            "zmqtap: 0 records without .a, 0 not JSON\n"
            "zmqtap: about 0 different .b (standard error 0.81 %)\n");
  EXPECT_EQ(counted.json(),
            R"({"field":".a","total":0,"counted":0,"not_json":0,"without_field":0,"max_error":0,)"
            R"("top":[],"distinct":{"field":".b","counted":0,"without_field":0,"estimate":0,)"
            R"("error_percent":0.81}})");
}

TEST(FieldCount, CountsWithoutDistinct) {
  FieldCount counted({.count_by = ".a"});
  counted.count(R"({"a":"x"})");
  EXPECT_EQ(counted.lines(),
            "zmqtap: 1 record counted by .a\n"
            "           1  100.0 %  x\n"
            "zmqtap: 0 records without .a, 0 not JSON\n");
  EXPECT_EQ(counted.json(),
            R"({"field":".a","total":1,"counted":1,"not_json":0,"without_field":0,"max_error":0,)"
            R"("top":[{"value":"x","count":1,"error":0}]})");
}

TEST(FieldCount, EstimatesWithoutCounting) {
  FieldCount counted({.distinct = ".a"});
  counted.count(R"({"a":"x"})");
  counted.count(R"({"b":"x"})");
  counted.count("");
  EXPECT_EQ(counted.lines(),
            "zmqtap: 1 record without .a, 1 not JSON\n"
            "zmqtap: about 1 different .a (standard error 0.81 %)\n");
  EXPECT_EQ(counted.json(),
            R"({"total":3,"not_json":1,"distinct":{"field":".a","counted":1,"without_field":1,)"
            R"("estimate":1,"error_percent":0.81}})");
}

TEST(FieldCount, ShowsTheErrorOfEachCountThatHasOne) {
  FieldCount counted({.count_by = ".a", .show = 2, .slots = 2});
  count(counted, R"({"a":"often"})", 25);
  count(counted, R"({"a":"gone"})", 12);
  count(counted, R"({"a":"late"})", 3);
  EXPECT_EQ(counted.lines(),
            "zmqtap: 40 records counted by .a, each at most 15 too high\n"
            "          25   62.5 %       often\n"
            "          15   37.5 %  -12  late\n"
            "zmqtap: 0 records without .a, 0 not JSON\n");
  EXPECT_NE(counted.json().find(R"("max_error":15,"top":[{"value":"often","count":25,"error":0},)"
                                R"({"value":"late","count":15,"error":12}])"),
            std::string::npos)
      << counted.json();
}

TEST(FieldCount, AnyValueMakesOneLineAndValidJson) {
  FieldCount counted({.count_by = R"(.["\u001b\n"])"});
  count(counted,
        R"({"\u001b\n":"a\u001b[2J\n\"\\ä)"
        "\xFF"
        R"(\u0000"})",
        2);
  counted.count(R"({"\u001b\n":""})");
  EXPECT_EQ(counted.lines(),
            "zmqtap: 3 records counted by .[\"\\\\u001b\\\\n\"]\n"
            "           2   66.7 %  a\\x1b[2J\\x0a\"\\\\ä\\xff\\x00\n"
            "           1   33.3 %  \"\"\n"
            "zmqtap: 0 records without .[\"\\\\u001b\\\\n\"], 0 not JSON\n");
  EXPECT_EQ(counted.json(),
            R"({"field":".[\"\\u001b\\n\"]","total":3,"counted":3,"not_json":0,"without_field":0,)"
            R"("max_error":0,"top":[{"value":"a\u001b[2J\n\"\\ä)"
            "\uFFFD"
            R"(\u0000","count":2,"error":0},{"value":"","count":1,"error":0}]})");
}

TEST(FieldCount, CutsALongValueInItsLineAndLessInJson) {
  FieldCount counted({.count_by = ".a"});
  counted.count(R"({"a":")" + std::string(1000, 'x') + R"("})");
  EXPECT_NE(counted.lines().find("  " + std::string(59, 'x') + "…\n"), std::string::npos);
  EXPECT_NE(counted.json().find("\"" + std::string(253, 'x') + "…\""), std::string::npos);
}

TEST(FieldCount, NeverHasMoreLinesThanItPromises) {
  FieldCount counted({.count_by = ".a", .distinct = ".a", .show = 3});
  for (int i = 0; i < 100; ++i) {
    counted.count(R"({"a":)" + std::to_string(i) + "}");
  }
  const std::string lines = counted.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3 + 4) << lines;
}

TEST(FieldCount, NamesTheOptionOfAWrongPath) {
  const auto error_of = [](const CountOptions& options) -> std::string {
    try {
      const FieldCount counted(options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(error_of({.count_by = "a"}),
            "--count-by 'a': must begin with '.', such as .status or .request.path");
  EXPECT_EQ(error_of({.count_by = ".a", .distinct = ""}),
            "--distinct '': is empty; give a path such as .status or .request.path");
  EXPECT_THROW(FieldCount({.count_by = ".a", .slots = 0}), std::invalid_argument);
}

/// A million skewed events of far more values than slots, beside the exact truth.
TEST(FieldCount, AgreesWithAnExactCountOfAMillionSkewedEvents) {
  constexpr int kEvents = 1'000'000;
  constexpr std::size_t kShow = 20;
  Skewed draw(11, 1e6);
  FieldCount counted({.count_by = ".p", .distinct = ".p", .show = kShow, .slots = 1000});
  std::vector<std::uint64_t> exact(1'000'001);
  std::string event;
  for (int i = 0; i < kEvents; ++i) {
    const std::size_t number = draw();
    ++exact[number];
    event.assign(R"({"p":"/)").append(std::to_string(number)).append("\"}");
    counted.count(event);
  }
  const std::string json = counted.json();
  const auto number_behind = [&](std::string_view name, std::size_t from) {
    const std::size_t at = json.find(name, from);
    EXPECT_NE(at, std::string::npos) << name;
    return std::stoull(json.substr(at + name.size()));
  };
  EXPECT_EQ(number_behind("\"counted\":", 0), static_cast<std::uint64_t>(kEvents));
  const std::uint64_t max_error = number_behind("\"max_error\":", 0);
  EXPECT_GT(max_error, 0U);
  EXPECT_LE(max_error, kEvents / 1000U);

  std::set<std::size_t> found;
  std::size_t at = 0;
  while ((at = json.find(R"({"value":"/)", at)) != std::string::npos) {
    const auto number = static_cast<std::size_t>(number_behind(R"({"value":"/)", at));
    const std::uint64_t shown = number_behind("\"count\":", at);
    const std::uint64_t error = number_behind("\"error\":", at);
    EXPECT_LE(exact[number], shown) << number;
    EXPECT_LE(shown - error, exact[number]) << number;
    found.insert(number);
    ++at;
  }
  ASSERT_EQ(found.size(), kShow);
  std::vector<std::uint64_t> ranked = exact;
  std::nth_element(ranked.begin(), ranked.begin() + kShow, ranked.end(), std::greater<>());
  for (std::size_t number = 1; number < exact.size(); ++number) {
    if (exact[number] > ranked[kShow] + max_error) {
      EXPECT_EQ(found.count(number), 1U) << number << " belongs to the top, and is not shown";
    }
  }

  const auto truth = static_cast<double>(
      std::count_if(exact.begin(), exact.end(), [](std::uint64_t n) { return n > 0; }));
  EXPECT_NEAR(static_cast<double>(number_behind("\"estimate\":", 0)), truth,
              truth * 3 * DistinctEstimate::kErrorPercent / 100);
}

}  // namespace
}  // namespace omzmq::tap
