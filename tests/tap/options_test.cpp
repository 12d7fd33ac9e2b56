// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/options.hpp"

#include <gtest/gtest.h>

namespace omzmq::tap {
namespace {

using Arguments = std::vector<const char*>;

std::variant<Options, TextRequest> parse(Arguments arguments) {
  arguments.insert(arguments.begin(), "zmqtap");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

Options options_of(const Arguments& arguments) { return std::get<Options>(parse(arguments)); }

// What the usage error says, or nothing if there is none.
std::string refusal_of(const Arguments& arguments) {
  try {
    static_cast<void>(parse(arguments));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Options, DefaultsAreSubConnectRawAndEverything) {
  const Options options = options_of({"tcp://127.0.0.1:5555"});
  EXPECT_EQ(options.socket_kind, SocketKind::Sub);
  EXPECT_EQ(options.format, Format::Raw);
  EXPECT_EQ(options.prefixes, std::vector<std::string>{""});
  ASSERT_EQ(options.endpoints.size(), 1U);
  EXPECT_EQ(options.endpoints[0].attachment, Attachment::Connect);
  EXPECT_EQ(options.endpoints[0].address, "tcp://127.0.0.1:5555");
  EXPECT_EQ(options.count, 0U);
  EXPECT_EQ(options.timeout.count(), 0);
  EXPECT_FALSE(options.stats);
}

TEST(Options, TakesEveryOption) {
  const Options options = options_of({"--pull", "--bind", "tcp://*:5555", ">ipc:///run/x", "-c",
                                      "12", "-t", "0.25", "--format", "lines", "--stats"});
  EXPECT_EQ(options.socket_kind, SocketKind::Pull);
  EXPECT_EQ(options.format, Format::Lines);
  EXPECT_TRUE(options.prefixes.empty());
  ASSERT_EQ(options.endpoints.size(), 2U);
  EXPECT_EQ(options.endpoints[0].attachment, Attachment::Bind);
  EXPECT_EQ(options.endpoints[1].attachment, Attachment::Connect);
  EXPECT_EQ(options.endpoints[1].address, "ipc:///run/x");
  EXPECT_EQ(options.count, 12U);
  EXPECT_EQ(options.timeout.count(), 250);
  EXPECT_TRUE(options.stats);
}

TEST(Options, APrefixTakesOneValueAsItStands) {
  const Options options = options_of({"-s", "[a,b]", "-s", "", "-s", "c d", "@tcp://[::1]:5555"});
  EXPECT_EQ(options.prefixes, (std::vector<std::string>{"[a,b]", "", "c d"}));
  ASSERT_EQ(options.endpoints.size(), 1U);
  EXPECT_EQ(options.endpoints[0].attachment, Attachment::Bind);
}

TEST(Options, HelpAndVersionAreTexts) {
  EXPECT_NE(std::get<TextRequest>(parse({"--help"})).text.find("ENDPOINT"), std::string::npos);
  EXPECT_EQ(std::get<TextRequest>(parse({"--version"})).text.rfind("zmqtap ", 0), 0U);
}

struct BadUsage {
  Arguments arguments;
  std::string named;  // what the error must name
};

class OptionsRefuse : public testing::TestWithParam<BadUsage> {};

TEST_P(OptionsRefuse, AndNameWhatIsWrong) {
  EXPECT_NE(refusal_of(GetParam().arguments).find(GetParam().named), std::string::npos)
      << refusal_of(GetParam().arguments);
}

constexpr const char* kEndpoint = "tcp://127.0.0.1:5555";

INSTANTIATE_TEST_SUITE_P(
    Usage, OptionsRefuse,
    testing::Values(BadUsage{{}, "ENDPOINT is missing"},
                    BadUsage{{"localhost:5555"}, "'localhost:5555'"},
                    BadUsage{{"tcp://"}, "'tcp://'"}, BadUsage{{"@"}, "'@'"},
                    BadUsage{{"inproc://x"}, "'inproc://x'"},
                    BadUsage{{"tcp://127.0.0.1:65536"}, "port from 1 to 65535"},
                    BadUsage{{"tcp://127.0.0.1"}, "port from 1 to 65535"},
                    BadUsage{{"-c", "0", kEndpoint}, "--count '0'"},
                    BadUsage{{"-c", "-1", kEndpoint}, "--count"},
                    BadUsage{{"-c", "1x", kEndpoint}, "--count '1x'"},
                    BadUsage{{"-t", "0", kEndpoint}, "--timeout '0'"},
                    BadUsage{{"-t", "nan", kEndpoint}, "--timeout 'nan'"},
                    BadUsage{{"-t", "inf", kEndpoint}, "--timeout 'inf'"},
                    BadUsage{{"--format", "xml", kEndpoint}, "--format 'xml'"},
                    BadUsage{{"--sub", "--pull", kEndpoint}, "--pull"},
                    BadUsage{{"--bind", "--connect", kEndpoint}, "--bind"},
                    BadUsage{{"--pull", "-s", "a", kEndpoint}, "--subscribe 'a'"},
                    BadUsage{{"--unknown", kEndpoint}, "--unknown"}));

}  // namespace
}  // namespace omzmq::tap
