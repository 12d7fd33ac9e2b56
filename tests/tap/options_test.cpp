// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/options.hpp"

#include <gtest/gtest.h>

namespace omzmq::tap {
namespace {

using Arguments = std::vector<const char*>;

Request parse(Arguments arguments) {
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

TEST(Options, DefaultsAreSubConnectAutoAndEverything) {
  const Options options = options_of({"tcp://127.0.0.1:5555"});
  EXPECT_EQ(options.source.kind, SocketKind::kSub);
  EXPECT_EQ(options.format, Format::kAuto);
  EXPECT_EQ(options.source.prefixes, std::vector<std::string>{""});
  ASSERT_EQ(options.source.endpoints.size(), 1U);
  EXPECT_EQ(options.source.endpoints[0].attachment, Attachment::kConnect);
  EXPECT_EQ(options.source.endpoints[0].address, "tcp://127.0.0.1:5555");
  EXPECT_EQ(options.count, 0U);
  EXPECT_EQ(options.timeout.count(), 0);
  EXPECT_FALSE(options.stats);
}

TEST(Options, TakesEveryOption) {
  const Options options = options_of({"--pull", "--bind", "tcp://*:5555", ">ipc:///run/x", "-c",
                                      "12", "-t", "0.25", "--format", "lines", "--stats"});
  EXPECT_EQ(options.source.kind, SocketKind::kPull);
  EXPECT_EQ(options.format, Format::kLines);
  EXPECT_TRUE(options.source.prefixes.empty());
  ASSERT_EQ(options.source.endpoints.size(), 2U);
  EXPECT_EQ(options.source.endpoints[0].attachment, Attachment::kBind);
  EXPECT_EQ(options.source.endpoints[1].attachment, Attachment::kConnect);
  EXPECT_EQ(options.source.endpoints[1].address, "ipc:///run/x");
  EXPECT_EQ(options.count, 12U);
  EXPECT_EQ(options.timeout.count(), 250);
  EXPECT_TRUE(options.stats);
}

TEST(Options, AProxyBindsForItsSubscribersAndConnectsToItsPublishers) {
  const Options options =
      options_of({"--proxy", "tcp://*:5556", "--proxy", ">tcp://other:1", "tcp://log:5555",
                  "--curve-key", "0123", "--curve-server", "own"});
  ASSERT_EQ(options.proxies.size(), 2U);
  EXPECT_EQ(options.proxies[0].attachment, Attachment::kBind);
  EXPECT_EQ(options.proxies[0].address, "tcp://*:5556");
  EXPECT_EQ(options.proxies[1].attachment, Attachment::kConnect);
  ASSERT_EQ(options.source.endpoints.size(), 1U);
  EXPECT_EQ(options.source.endpoints[0].attachment, Attachment::kConnect);
}

TEST(Options, AProxyRefusesWhatItDoesNotLookAt) {
  const auto with_proxy = [](Arguments more) {
    more.insert(more.end(), {"--proxy", "tcp://*:5556", "tcp://log:5555"});
    return refusal_of(more);
  };
  EXPECT_EQ(with_proxy({}), "");
  EXPECT_EQ(with_proxy({"-q", "-X", "sndhwm=1", "--max-message", "1m", "--connect", "--sub"}), "");
  EXPECT_EQ(with_proxy({"--pull"}), "--pull: --proxy is for subscribers and goes with --sub only");
  EXPECT_EQ(with_proxy({"--router"}),
            "--router: --proxy is for subscribers and goes with --sub only");
  EXPECT_EQ(with_proxy({"-s", "a"}),
            "--subscribe: with --proxy the subscribers say what they want");
  for (const char* option : {"--json", "--null", "--stats", "--top", "--end", "--allow-gaps"}) {
    EXPECT_EQ(with_proxy({option}), std::string(option) +
                                        ": --proxy passes messages on as they are "
                                        "and looks into none of them");
  }
  EXPECT_EQ(with_proxy({"-o", "f"}),
            "--output: --proxy passes messages on as they are and looks into none of them");
  EXPECT_EQ(
      refusal_of({"--proxy", "5556", "tcp://log:5555"}),
      "ENDPOINT '5556': must be tcp://host:port or ipc:///path, with '@' before it to bind or "
      "'>' to connect");
  EXPECT_EQ(refusal_of({"--proxy", "tcp://*:5556"}),
            "ENDPOINT is missing: give at least one, such as tcp://127.0.0.1:5555");
}

TEST(Options, TakesThoseOfTheOutput) {
  const Options options = options_of({"-o",
                                      "f",
                                      "--rotate-size",
                                      "2m",
                                      "--rotate-every",
                                      "2h",
                                      "--rotate-keep",
                                      "3",
                                      "-J",
                                      "-u",
                                      "--count-by",
                                      ".a",
                                      "--distinct",
                                      ".b",
                                      "--count-show",
                                      "5",
                                      "--count-slots",
                                      "50",
                                      "-e",
                                      "-v",
                                      "--allow-gaps",
                                      "--allow-duplicates",
                                      "tcp://127.0.0.1:5555"});
  EXPECT_EQ(options.output.file, "f");
  EXPECT_EQ(options.output.rotate_bytes, 2U << 20);
  EXPECT_EQ(options.output.rotate_every, std::chrono::hours{2});
  EXPECT_EQ(options.output.rotate_keep, 3U);
  EXPECT_EQ(options.output_format, OutputFormat::kJson);
  EXPECT_EQ(options.counting.count_by, ".a");
  EXPECT_EQ(options.counting.distinct, ".b");
  EXPECT_EQ(options.counting.show, 5U);
  EXPECT_EQ(options.counting.slots, 50U);
  EXPECT_TRUE(options.unbuffered && options.end_when_idle && options.verbose);
  EXPECT_TRUE(options.allow_gaps && options.allow_duplicates);
  EXPECT_TRUE(options.watches() && options.writes_records());
}

TEST(Options, TakesThoseOfTheSocket) {
  const Options options =
      options_of({"--router", "--max-message", "1M", "-X", "rcvhwm=5", "-X", "socks_proxy=a=b",
                  "--curve-server", "cert", "--curve-clients", "dir", "@tcp://*:*"});
  EXPECT_EQ(options.source.kind, SocketKind::kRouter);
  EXPECT_EQ(options.source.max_message_bytes, 1'000'000U);
  ASSERT_EQ(options.source.socket_options.size(), 2U);
  EXPECT_EQ(options.source.socket_options[1].name, "socks_proxy");
  EXPECT_EQ(options.source.socket_options[1].value, "a=b");
  EXPECT_EQ(options.source.curve.server_certificate, "cert");
  EXPECT_EQ(options.source.curve.clients, "dir");
}

TEST(Options, OnlyASubscriberToSmallFramesHoldsMany) {
  EXPECT_EQ(options_of({"--format", "raw", "tcp://a:1"}).source.receive_mark, 100'000);
  EXPECT_EQ(options_of({"tcp://a:1"}).source.receive_mark, 10'000);
  EXPECT_EQ(options_of({"--format", "packed", "tcp://a:1"}).source.receive_mark, 1000);
  EXPECT_EQ(options_of({"--pull", "--format", "raw", "tcp://a:1"}).source.receive_mark, 1000);
  EXPECT_EQ(options_of({"--pull", "-c", "5", "tcp://a:1"}).source.receive_mark, 1);
  EXPECT_EQ(options_of({"--pull", "-c", "5000", "tcp://a:1"}).source.receive_mark, 5);
  EXPECT_EQ(options_of({"--pull", "-c", "99999999", "tcp://a:1"}).source.receive_mark, 1000);
  EXPECT_EQ(options_of({"--router", "-c", "5", "tcp://a:1"}).source.receive_mark, 1000);
}

TEST(Options, KeygenIsARequestOfItsOwn) {
  const auto request = std::get<KeygenRequest>(parse({"keygen", "me.key", "--directory", "d"}));
  EXPECT_EQ(request.name, "me.key");
  EXPECT_EQ(request.directory, "d");
  EXPECT_EQ(std::get<KeygenRequest>(parse({"keygen", "me"})).directory, ".");
}

TEST(Options, ListOfSocketOptionsIsAText) {
  EXPECT_NE(std::get<TextRequest>(parse({"-X", "list"})).text.find("rcvhwm"), std::string::npos);
}

TEST(Options, APrefixTakesOneValueAsItStands) {
  const Options options = options_of({"-s", "[a,b]", "-s", "", "-s", "c d", "@tcp://[::1]:5555"});
  EXPECT_EQ(options.source.prefixes, (std::vector<std::string>{"[a,b]", "", "c d"}));
  ASSERT_EQ(options.source.endpoints.size(), 1U);
  EXPECT_EQ(options.source.endpoints[0].attachment, Attachment::kBind);
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
                    BadUsage{{"tcp://127.0.0.1:*"}, "port from 1 to 65535"},
                    BadUsage{{"--router", "-s", "a", kEndpoint}, "--subscribe 'a'"},
                    BadUsage{{"-X", "foo=1", kEndpoint}, "no socket option 'foo'; there are affi"},
                    BadUsage{{"-X", "rcvhwm", kEndpoint}, "-X 'rcvhwm'"},
                    BadUsage{{"-X", "rcvhwm=a", kEndpoint}, "whole number"},
                    BadUsage{{"--max-message", "0", kEndpoint}, "--max-message '0'"},
                    BadUsage{{"--max-message", "5x", kEndpoint}, "--max-message '5x'"},
                    BadUsage{{"--max-message", "99999999999g", kEndpoint}, "--max-message"},
                    BadUsage{{"--rotate-size", "1m", kEndpoint}, "--output"},
                    BadUsage{{"-o", "", kEndpoint}, "--output ''"},
                    BadUsage{{"-o", "f", "--rotate-keep", "3", kEndpoint}, "--rotate-keep"},
                    BadUsage{{"-o", "f", "--rotate-every", "0", kEndpoint}, "--rotate-every '0'"},
                    BadUsage{{"-J", "-0", kEndpoint}, "-0 and -J"},
                    BadUsage{{"-f", "%z", kEndpoint}, "-f '%z'"},
                    BadUsage{{"-J", "--top", kEndpoint}, "--json"},
                    BadUsage{{"--top", "--stats", kEndpoint}, "--top and --stats"},
                    BadUsage{{"-q", "-v", kEndpoint}, "--quiet and --verbose"},
                    BadUsage{{"-q", "--stats", kEndpoint}, "--quiet and --stats"},
                    BadUsage{{"--count-by", "x", kEndpoint}, "--count-by 'x'"},
                    BadUsage{{"--distinct", "", kEndpoint}, "--distinct"},
                    BadUsage{{"--count-show", "3", kEndpoint}, "--count-show"},
                    BadUsage{{"--count-by", ".x", "--count-slots", "0", kEndpoint}, "slots '0'"},
                    BadUsage{{"--curve-clients", "d", kEndpoint}, "--curve-server"},
                    BadUsage{{"--curve-cert", "d", kEndpoint}, "--curve-key"},
                    BadUsage{{"--curve-key", "", kEndpoint}, "--curve-key ''"},
                    BadUsage{{"--curve-key", "k", "--curve-server", "s", kEndpoint}, "only one"},
                    BadUsage{{"-c"}, "--count: a value must follow"},
                    BadUsage{{"-c", "1", "-c", "2", kEndpoint}, "--count: can be given once only"},
                    BadUsage{{"keygen"}, "keygen NAME"}, BadUsage{{"keygen", "a/b"}, "'a/b'"},
                    BadUsage{{"--unknown", kEndpoint}, "--unknown"}));

}  // namespace
}  // namespace omzmq::tap
