// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What belongs to sockets: certificates, keygen, CURVE connections, options, endpoints. pyzmq and
// CZMQ say whether the files are right.
#include "tap/sockets/certificate.hpp"

#include <dlfcn.h>
#include <sys/stat.h>

#include <csignal>
#include <string>

#include "tap/source.hpp"
#include "zmqtap_fixture.hpp"

namespace omzmq::tap {
namespace {

class CurveTest : public ZmqtapTest {
 protected:
  // Makes NAME and NAME_secret in the directory of the test.
  Certificate make(const std::string& name) {
    Process keygen(command({"keygen", name, "--directory", directory_.string()}));
    EXPECT_EQ(keygen.wait(), 0) << keygen.errors();
    return load_own_certificate(path(name));
  }

  static void be_server(zmq::socket_t& socket, const Certificate& own) {
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, own.secret_key);
  }

  static void be_client(zmq::socket_t& socket, const Certificate& own, const Certificate& server) {
    socket.set(zmq::sockopt::curve_serverkey, server.public_key);
    socket.set(zmq::sockopt::curve_publickey, own.public_key);
    socket.set(zmq::sockopt::curve_secretkey, own.secret_key);
  }

  static unsigned mode(const std::string& file) {
    struct stat status {};
    return stat(file.c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
  }
};

TEST_F(CurveTest, KeygenWritesASecretFileForItsOwnerOnly) {
  const Certificate made = make("me.key");
  EXPECT_EQ(mode(path("me.key")), 0644U);
  EXPECT_EQ(mode(path("me.key_secret")), 0600U);
  EXPECT_EQ(load_public_key(path("me.key")), made.public_key);
  EXPECT_EQ(read_file(path("me.key")).find(made.secret_key), std::string::npos);
}

TEST_F(CurveTest, KeygenNeverOverwrites) {
  for (const char* const there : {"a", "b_secret"}) {
    write_file(path(there), "precious");
    Process keygen(command({"keygen", std::string(there, 1), "--directory", directory_.string()}));
    EXPECT_EQ(keygen.wait(), 1);
    EXPECT_NE(keygen.errors().find(path(there)), std::string::npos) << keygen.errors();
    EXPECT_EQ(read_file(path(there)), "precious");
  }
  EXPECT_FALSE(std::filesystem::exists(path("a_secret")));
  EXPECT_FALSE(std::filesystem::exists(path("b")));
}

TEST_F(CurveTest, PyzmqReadsWhatKeygenWrites) {
  const Certificate made = make("me.key");
  Process python({"/usr/bin/python3", "-c",
                  "import sys, zmq.auth\n"
                  "for f in sys.argv[1:]: print(zmq.auth.load_certificate(f))",
                  path("me.key"), path("me.key_secret")});
  ASSERT_EQ(python.wait(), 0) << python.errors();
  EXPECT_EQ(python.output(), "(b'" + made.public_key + "', None)\n(b'" + made.public_key + "', b'" +
                                 made.secret_key + "')\n");
}

TEST_F(CurveTest, CzmqReadsWhatKeygenWrites) {
  void* const library = dlopen("libczmq.so.4", RTLD_NOW);
  if (library == nullptr) {
    GTEST_SKIP() << "CZMQ is not installed";
  }
  const auto load = reinterpret_cast<void* (*)(const char*)>(dlsym(library, "zcert_load"));
  const auto key = reinterpret_cast<const char* (*)(void*)>(dlsym(library, "zcert_secret_txt"));
  const Certificate made = make("me");
  const auto destroy = reinterpret_cast<void (*)(void**)>(dlsym(library, "zcert_destroy"));
  void* certificate = load(path("me").c_str());
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(key(certificate), made.secret_key);
  destroy(&certificate);
}

TEST_F(CurveTest, ReadsWhatPyzmqWrites) {
  Process python({"/usr/bin/python3", "-c",
                  "import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], 'py')",
                  directory_.string()});
  ASSERT_EQ(python.wait(), 0) << python.errors();
  std::filesystem::permissions(path("py.key_secret"), std::filesystem::perms{0600});
  EXPECT_EQ(load_own_certificate(path("py.key")).public_key, load_public_key(path("py.key")));
}

TEST_F(CurveTest, ASecretThatOthersMayReadIsRefused) {
  make("me");
  std::filesystem::permissions(path("me_secret"), std::filesystem::perms{0640});
  Process tap(command({"--pull", "--curve-server", path("me"), "@" + ipc_endpoint()}));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find("--curve-server: certificate '" + path("me_secret")),
            std::string::npos)
      << tap.errors();
}

TEST_F(CurveTest, FilesThatAreNoCertificatesAreRefused) {
  write_file(path("junk"), "public-key = \"short\"\n");
  write_file(path("empty"), "");
  EXPECT_THROW(static_cast<void>(load_public_key(path("junk"))), CertificateError);
  EXPECT_THROW(static_cast<void>(load_public_key(path("empty"))), CertificateError);
  EXPECT_THROW(static_cast<void>(load_public_key(path("none"))), CertificateError);
  EXPECT_FALSE(is_key(std::string(40, '\0')));
  EXPECT_FALSE(is_key(std::string(40, '"')));
  EXPECT_FALSE(is_key(std::string(39, 'a')));
}

TEST_F(CurveTest, ConnectsToAServerByItsKeyOrItsCertificate) {
  const Certificate server = make("server");
  make("me");
  for (const Arguments& arguments :
       {Arguments{"--curve-key", server.public_key},
        Arguments{"--curve-key", path("server"), "--curve-cert", path("me")}}) {
    zmq::socket_t push = make_socket(zmq::socket_type::push);
    be_server(push, server);
    Arguments all{"--pull", "-c", "1", bind_to_free_port(push)};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Process tap(command(all));
    ASSERT_TRUE(send(push, "secret"));
    EXPECT_EQ(tap.wait(), 0) << tap.errors();
    EXPECT_EQ(tap.output(), "secret\n");
  }
}

TEST_F(CurveTest, AWrongServerKeyEndsWithTwo) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  be_server(push, make("server"));
  Process tap(command(
      {"--pull", "--curve-key", make("other").public_key, "-t", "60", bind_to_free_port(push)}));
  EXPECT_EQ(tap.wait(), 2);
  EXPECT_NE(tap.errors().find("--curve-key may not be its public key"), std::string::npos)
      << tap.errors();
}

TEST_F(CurveTest, AWrongServerKeyEndsWithTwoAlsoWhereTheAddressIsGivenTwice) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  be_server(push, make("server"));
  const std::string endpoint = bind_to_free_port(push);
  Process tap(
      command({"--pull", "--curve-key", make("other").public_key, "-t", "20", endpoint, endpoint}));
  EXPECT_EQ(tap.wait(), 2) << tap.errors();
}

TEST_F(CurveTest, NoCurveTowardsAServerThatWantsItEndsWithTwo) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  be_server(push, make("server"));
  Process tap(command({"--pull", "-t", "60", bind_to_free_port(push)}));
  EXPECT_EQ(tap.wait(), 2);
  EXPECT_NE(tap.errors().find("cannot connect to"), std::string::npos) << tap.errors();
}

TEST_F(CurveTest, TheServerTakesTheClientsItKnowsAndNoOthers) {
  const Certificate server = make("server");
  const Certificate friendly = make("friend");
  const Certificate stranger = make("stranger");
  std::filesystem::create_directory(path("clients"));
  std::filesystem::copy_file(path("friend"), path("clients/friend"));
  write_file(path("list"), "# who may\n" + friendly.public_key + "\n");
  for (const char* const who : {"clients", "friend", "list"}) {
    Process tap(command({"--pull", "--bind", "--curve-server", path("server"), "--curve-clients",
                         path(who), "-c", "1", "-t", "60", ipc_endpoint()}));
    zmq::socket_t other = make_socket(zmq::socket_type::push);
    be_client(other, stranger, server);
    other.connect(ipc_endpoint());
    ASSERT_TRUE(send(other, "from a stranger"));
    const std::string& errors = tap.read_error_lines(1);
    EXPECT_NE(errors.find("handshake failed"), std::string::npos) << errors;
    zmq::socket_t push = make_socket(zmq::socket_type::push);
    be_client(push, friendly, server);
    push.connect(ipc_endpoint());
    ASSERT_TRUE(send(push, "from a friend"));
    EXPECT_EQ(tap.wait(), 0) << tap.errors();
    EXPECT_EQ(tap.output(), "from a friend\n");
    other.set(zmq::sockopt::linger, 0);
  }
}

TEST_F(CurveTest, ClientsAreReadAgainAtHangUp) {
  const Certificate server = make("server");
  const Certificate friendly = make("friend");
  write_file(path("list"), make("nobody").public_key + "\n");
  Process tap(command({"--pull", "--bind", "-v", "--curve-server", path("server"),
                       "--curve-clients", path("list"), "-c", "1", ipc_endpoint()}));
  tap.read_error_lines(1);
  write_file(path("list"), friendly.public_key + "\n");
  tap.signal(SIGHUP);
  tap.read_error_lines(2);
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  be_client(push, friendly, server);
  push.connect(ipc_endpoint());
  ASSERT_TRUE(send(push, "known by now"));
  EXPECT_EQ(tap.wait(), 0) << tap.errors();
  EXPECT_EQ(tap.output(), "known by now\n");
}

TEST(Source, SetsWhatIsAskedForWithX) {
  SourceOptions options;
  options.kind = SocketKind::kPull;
  options.endpoints.push_back(parse_endpoint("tcp://127.0.0.1:*", Attachment::kBind));
  for (const char* const text : {"rcvhwm=5", "tos=16", "maxmsgsize=77", "routing_id=me"}) {
    options.socket_options.push_back(parse_socket_option(text));
  }
  Source source(options);
  EXPECT_EQ(source.socket().get(zmq::sockopt::rcvhwm), 5);
  EXPECT_EQ(source.socket().get(zmq::sockopt::tos), 16);
  EXPECT_EQ(source.socket().get(zmq::sockopt::maxmsgsize), 77);
  EXPECT_EQ(source.socket().get(zmq::sockopt::routing_id), "me");
}

TEST(Endpoint, OfAnyAddressCanOnlyBeBound) {
  EXPECT_EQ(parse_endpoint("@tcp://*:5555", Attachment::kConnect).address, "tcp://*:5555");
  EXPECT_EQ(parse_endpoint("ipc://*", Attachment::kBind).address, "ipc://*");
  for (const std::string text : {"tcp://*:5555", ">tcp://*:*", "ipc://*"}) {
    std::string why = "accepted";
    try {
      static_cast<void>(parse_endpoint(text, Attachment::kConnect));
    } catch (const UsageError& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "ENDPOINT '" + text + "': '*' can only be bound: --bind, or '@' before it");
  }
}

}  // namespace
}  // namespace omzmq::tap
