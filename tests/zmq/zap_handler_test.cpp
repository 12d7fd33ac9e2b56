// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zap_handler.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_error.hpp"
#include "sink_fixture.hpp"
#include "support/files.hpp"
#include "support/keys.hpp"
#include "support/recording_host.hpp"
#include "zmq/curve.hpp"

namespace omzmq {
namespace {

using Parts = std::vector<std::string>;

class ZapHandlerTest : public testing::Test {
 protected:
  ZapHandlerTest() {
    test::write_file(list_, test::kAnnasKey);
    handler_.add("anna's", std::make_shared<CurveClients>(list_, host_.log()));
    handler_.add("open", std::make_shared<CurveClients>("*", host_.log()));
  }

  static std::string bytes_of(std::string_view key) {
    const CurveKey bytes = to_curve_key(key).value_or(CurveKey{});
    return {bytes.begin(), bytes.end()};
  }
  static Parts question(const std::string& domain, std::string_view key) {
    return {"1.0", "id", domain, "10.0.0.1", "", "CURVE", bytes_of(key)};
  }
  Parts ask(const Parts& parts) {
    zmq::socket_t asker(context_, zmq::socket_type::req);
    asker.set(zmq::sockopt::linger, 0);
    asker.set(zmq::sockopt::rcvtimeo, 30000);
    asker.connect("inproc://zeromq.zap.01");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      asker.send(zmq::buffer(parts[i]),
                 i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    Parts reply;
    zmq::message_t part;
    do {
      if (!asker.recv(part)) return {"no reply"};
      reply.push_back(part.to_string());
    } while (part.more());
    return reply;
  }
  std::string status(const Parts& parts) {
    const Parts reply = ask(parts);
    return reply.size() == 6 ? reply[2] : "malformed";
  }

  test::RecordingHost host_;
  test::TemporaryDirectory directory_;
  const std::string list_ = directory_.file("list");
  zmq::context_t context_;
  ZapHandler handler_{context_};
};

TEST_F(ZapHandlerTest, AnswersAsTheProtocolHasIt) {
  EXPECT_EQ(ask(question("anna's", test::kAnnasKey)), (Parts{"1.0", "id", "200", "", "", ""}));
}

TEST_F(ZapHandlerTest, AsksTheClientsOfTheDomain) {
  EXPECT_EQ(status(question("anna's", test::kBensKey)), "400");
  EXPECT_EQ(status(question("open", test::kBensKey)), "200");
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "the client at 10.0.0.1 is refused"), 1U);
}

TEST_F(ZapHandlerTest, RefusesADomainThatNobodyHas) {
  EXPECT_EQ(status(question("", test::kAnnasKey)), "400");
  EXPECT_EQ(status(question("anna", test::kAnnasKey)), "400");
  {
    const ZapDomain domain(handler_, "mine", std::make_shared<CurveClients>("*", host_.log()));
    EXPECT_EQ(status(question("mine", test::kAnnasKey)), "200");
  }
  EXPECT_EQ(status(question("mine", test::kAnnasKey)), "400");
}

TEST_F(ZapHandlerTest, SurvivesWhatIsNoQuestion) {
  const Parts right = question("open", test::kAnnasKey);
  std::vector<Parts> wrong;
  for (std::size_t size = 1; size < right.size(); ++size) {
    wrong.emplace_back(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(size));
  }
  for (const std::size_t place : {0U, 5U, 6U}) {
    wrong.push_back(right);
    wrong.back()[place] += "x";
  }
  wrong.push_back(right);
  wrong.back().emplace_back("one too many");
  wrong.push_back(Parts(1000, "x"));
  wrong.push_back({""});
  wrong.push_back({std::string(1U << 20U, 'x')});
  for (const Parts& parts : wrong) EXPECT_EQ(status(parts), "500") << parts.size();
  EXPECT_EQ(status(right), "200");
}

TEST_F(ZapHandlerTest, EndsWhileQuestionsWait) {
  zmq::context_t other;
  auto handler = std::make_unique<ZapHandler>(other);
  std::vector<zmq::socket_t> askers;
  for (int i = 0; i < 100; ++i) {
    zmq::socket_t& asker = askers.emplace_back(other, zmq::socket_type::req);
    asker.set(zmq::sockopt::linger, 0);
    asker.connect("inproc://zeromq.zap.01");
    asker.send(zmq::str_buffer("?"));
  }
  handler.reset();
}

/// A server and its clients, by libzmq's own sockets.
class CurveTest : public testing::Test {
 protected:
  using Key = std::array<char, 41>;
  CurveTest() {
    test::write_file(certificate_, test::certificate_text(test::kAnnasKey, test::kAnnasSecret));
    settings_.sock_type = SocketType::kPush;
    settings_.curve_mode = CurveMode::kServer;
    settings_.curve_cert_file = certificate_;
    settings_.curve_clients = "*";
  }
  std::string refusal() const {
    try {
      static_cast<void>(Curve::load(settings_, host_.log()));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }

  test::RecordingHost host_;
  test::TemporaryDirectory directory_;
  const std::string certificate_ = directory_.file("server");
  Settings settings_;
};

TEST_F(CurveTest, IsNothingWhenItIsOff) {
  settings_.curve_mode = CurveMode::kOff;
  EXPECT_EQ(Curve::load(settings_, host_.log()), nullptr);
}

TEST_F(CurveTest, NamesTheParameterWhoseFileIsWrong) {
  EXPECT_EQ(refusal(), "");
  test::write_file(certificate_, test::certificate_text(test::kBensKey, test::kAnnasSecret));
  EXPECT_TRUE(refusal().starts_with("curve.certFile: certificate '" + certificate_ +
                                    "': its two keys do not belong together"))
      << refusal();
  settings_.curve_cert_file = directory_.file("none");
  EXPECT_TRUE(refusal().starts_with("curve.certFile: ")) << refusal();
  settings_.curve_cert_file.clear();
  settings_.curve_mode = CurveMode::kClient;
  settings_.curve_server_key = directory_.file("none");
  EXPECT_TRUE(refusal().starts_with("curve.serverKey: ")) << refusal();
}

TEST_F(CurveTest, MakesKeysForAClientWithoutACertificate) {
  settings_.curve_mode = CurveMode::kClient;
  settings_.curve_cert_file.clear();
  settings_.curve_server_key = test::kBensKey;
  std::array<Key, 2> keys{};
  for (Key& key : keys) {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::push);
    Curve::load(settings_, host_.log())->apply(socket, "");
    std::size_t size = key.size();
    ASSERT_EQ(::zmq_getsockopt(socket.handle(), ZMQ_CURVE_PUBLICKEY, key.data(), &size), 0);
  }
  EXPECT_TRUE(is_key(std::string_view(keys[0].data(), 40)));
  EXPECT_NE(keys[0], keys[1]);
}

// libzmq by itself would let in everybody.
TEST_F(CurveTest, LetsInNobodyWhenThereIsNoHandler) {
  const auto curve = Curve::load(settings_, host_.log());
  for (const bool has_handler : {false, true}) {
    zmq::context_t context;
    std::unique_ptr<ZapHandler> handler;
    if (has_handler) {
      handler = std::make_unique<ZapHandler>(context);
      handler->add("mine", curve->clients());
    }
    zmq::socket_t server(context, zmq::socket_type::push);
    server.set(zmq::sockopt::linger, 0);
    curve->apply(server, "mine");
    server.bind("tcp://127.0.0.1:*");
    Settings other = settings_;
    other.curve_mode = CurveMode::kClient;
    other.curve_cert_file.clear();
    other.curve_server_key = test::kAnnasKey;
    test::Remote client(zmq::socket_type::pull);
    Curve::load(other, host_.log())->apply(client.socket, "");
    client.socket.set(zmq::sockopt::rcvtimeo, has_handler ? 30000 : 1000);
    client.socket.connect(server.get(zmq::sockopt::last_endpoint));
    server.set(zmq::sockopt::sndtimeo, has_handler ? 30000 : 1000);
    EXPECT_EQ(server.send(zmq::str_buffer("hello")).has_value(), has_handler);
    EXPECT_EQ(client.next(), has_handler ? "hello" : "(nothing)");
  }
}

}  // namespace
}  // namespace omzmq
