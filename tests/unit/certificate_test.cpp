// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "common/certificate.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "common/key_list.hpp"
#include "support/files.hpp"
#include "support/keys.hpp"

namespace omzmq {
namespace {

using test::certificate_text;
using test::kAnnasKey;
using test::kAnnasSecret;
using test::kBensKey;
using test::write_file;

class KeyFiles : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.file(name); }

  // What `load` says when it refuses; empty when it does not.
  template <typename Load>
  static std::string refusal(const Load& load) {
    try {
      load();
    } catch (const CertificateError& error) {
      return error.what();
    }
    return {};
  }
  static std::string own_refusal(const std::string& file) {
    return refusal([&] { static_cast<void>(load_own_certificate(file)); });
  }
  static std::string clients_refusal(const std::string& file) {
    return refusal([&] { static_cast<void>(load_client_keys(file)); });
  }
  static void expect_part(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find(kAnnasKey), std::string::npos) << text;
    EXPECT_EQ(text.find(kAnnasSecret), std::string::npos) << text;
  }

  test::TemporaryDirectory directory_;
};

TEST(CurveKey, IsReadAsZ85) {
  const auto key = to_curve_key(kAnnasKey);
  ASSERT_TRUE(key);
  // What pyzmq's zmq.utils.z85.decode() makes of it.
  constexpr CurveKey kBytes{0x3f, 0x99, 0xb8, 0x23, 0x15, 0x93, 0xa6, 0x4d, 0xda, 0xcb, 0x23,
                            0x19, 0xef, 0x46, 0x18, 0x77, 0x6c, 0x66, 0xc8, 0xc4, 0x32, 0x69,
                            0xd6, 0x0c, 0x6d, 0xa2, 0xfc, 0x44, 0xda, 0xed, 0xf0, 0x6e};
  EXPECT_EQ(*key, kBytes);
  EXPECT_EQ(to_curve_key(std::string(40, '0')), CurveKey{});
  // The largest group of five characters.
  ASSERT_TRUE(to_curve_key("%nSc0" + std::string(35, '0')));
  EXPECT_EQ((*to_curve_key("%nSc0" + std::string(35, '0')))[3], 0xFF);
}

TEST(CurveKey, IsNothingElse) {
  EXPECT_FALSE(is_key(""));
  EXPECT_FALSE(is_key(kAnnasKey.substr(1)));
  EXPECT_FALSE(is_key(std::string(kAnnasKey) + "0"));
  EXPECT_FALSE(is_key("%nSc1" + std::string(35, '0')));  // beyond 32 bits
  EXPECT_FALSE(is_key("#####" + std::string(35, '0')));
  for (const char foreign : {'"', '\'', '\\', ',', ';', '_', '`', '|', '~', ' ', '\0', '\xC3'}) {
    EXPECT_FALSE(is_key(std::string(39, '0') + foreign)) << foreign;
  }
}

TEST(ParseCertificate, FindsTheKeysWhereverTheyStand) {
  const std::string text = certificate_text(kAnnasKey, kAnnasSecret);  // of which it has views
  const CertificateLines both = parse_certificate(text);
  EXPECT_EQ(both.public_key, kAnnasKey);
  EXPECT_EQ(both.secret_key, kAnnasSecret);
  EXPECT_EQ(parse_certificate("public-key=abc").public_key, "abc");
  EXPECT_EQ(parse_certificate("\r\n\tpublic-key = 'abc' \r\n").public_key, "abc");
  EXPECT_EQ(parse_certificate("public-key = \"abc\" # \"mine\"\n").public_key, "abc");
  EXPECT_EQ(parse_certificate("public-key = \"a=b#c\"").public_key, "a=b#c");
}

TEST(ParseCertificate, FindsNothingInWhatIsNone) {
  for (const char* const text : {"", "\n\n", "public-key", "= abc", "# public-key = \"abc\"",
                                 "my-public-key = \"abc\"", "public-key = \"\"", "public-key ="}) {
    EXPECT_EQ(parse_certificate(text).public_key, "") << text;
  }
  EXPECT_EQ(parse_certificate(certificate_text(kAnnasKey)).secret_key, "");
}

TEST(Certificate, TakesItsSecretAlongWhenItIsMoved) {
  Certificate first(std::string{kAnnasKey}, std::string{kAnnasSecret});
  Certificate second(std::move(first));
  EXPECT_EQ(second.secret_key, kAnnasSecret);
  Certificate third({}, {});
  third = std::move(second);
  EXPECT_EQ(third.public_key, kAnnasKey);
  EXPECT_EQ(third.secret_key, kAnnasSecret);
}

TEST_F(KeyFiles, OfACertificateTheSecretOneIsTaken) {
  write_file(path("a.key"), certificate_text(kBensKey), 0644);
  write_file(path("a.key_secret"), certificate_text(kAnnasKey, kAnnasSecret));
  EXPECT_EQ(load_own_certificate(path("a.key")).secret_key, kAnnasSecret);
  EXPECT_EQ(load_own_certificate(path("a.key_secret")).public_key, kAnnasKey);
  EXPECT_EQ(load_public_key(path("a.key")), kBensKey);
  EXPECT_EQ(load_public_key(path("a.key_secret")), kAnnasKey);
}

TEST_F(KeyFiles, WithASecretThatOthersMayReadAreRefused) {
  for (const mode_t mode : {0640U, 0604U, 0644U}) {
    write_file(path("a"), certificate_text(kAnnasKey, kAnnasSecret), mode);
    expect_part(own_refusal(path("a")), "'" + path("a") + "': others than its owner may read it");
  }
  for (const mode_t mode : {0600U, 0400U}) {
    write_file(path("a"), certificate_text(kAnnasKey, kAnnasSecret), mode);
    EXPECT_EQ(own_refusal(path("a")), "");
  }
}

TEST_F(KeyFiles, ThatAreNoCertificatesAreRefused) {
  expect_part(own_refusal(path("none")), "No such file");
  write_file(path("a"), "");
  expect_part(own_refusal(path("a")), "holds no public-key");
  write_file(path("a"), certificate_text(kAnnasKey));
  expect_part(own_refusal(path("a")), "holds no secret-key");
  write_file(path("a"), certificate_text(kAnnasKey, kAnnasSecret.substr(1)));
  expect_part(own_refusal(path("a")), "its secret-key is no CURVE key");
  write_file(path("a"), std::string(70000, '#'));
  expect_part(own_refusal(path("a")), "longer than any certificate");
  expect_part(own_refusal(path("")), "is no regular file");
  expect_part(own_refusal("/dev/zero"), "is no regular file");
}

// open() would wait for somebody who writes.
TEST_F(KeyFiles, ThatAreNamedPipesAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  expect_part(own_refusal(path("pipe")), "is no regular file");
  expect_part(clients_refusal(path("pipe")), "neither a directory nor a regular file");
}

TEST_F(KeyFiles, NameTheServerByItsKeyOrItsCertificate) {
  EXPECT_EQ(load_server_key(std::string(kAnnasKey)), kAnnasKey);
  write_file(path("a"), certificate_text(kBensKey));
  EXPECT_EQ(load_server_key(path("a")), kBensKey);
}

// "/" and the letters are characters of Z85, too.
TEST_F(KeyFiles, WinOverAKeyThatLooksLikeTheirPath) {
  std::string name = path("");
  while (!is_key(name)) name.resize(40, 'a');
  write_file(name, certificate_text(kBensKey));
  EXPECT_EQ(load_server_key(name), kBensKey);
  std::filesystem::remove(name);
  EXPECT_EQ(load_server_key(name), name);
}

TEST(ParseKeyList, TakesOneKeyALine) {
  const std::string text =
      "# who may\n\n  " + std::string(kAnnasKey) + " \r\n\t# not yet\n" + std::string(kBensKey);
  const KeyList list = parse_key_list(text);
  EXPECT_EQ(list.wrong_line, 0U);
  EXPECT_EQ(list.keys, (CurveKeys{*to_curve_key(kAnnasKey), *to_curve_key(kBensKey)}));
}

TEST(ParseKeyList, TakesAKeyWithTheCharacterOfComments) {
  const std::string key = "0####" + std::string(35, '1');
  ASSERT_TRUE(is_key(key));
  EXPECT_EQ(parse_key_list(key + "\n").keys.size(), 1U);
}

TEST(ParseKeyList, NamesTheFirstLineThatIsWrong) {
  const KeyList list = parse_key_list(std::string(kAnnasKey) + "\n\nwrong\nwrong\n");
  EXPECT_EQ(list.wrong_line, 3U);
  EXPECT_EQ(list.keys.size(), 1U);
}

TEST_F(KeyFiles, OfClientsAreADirectoryACertificateOrAList) {
  std::filesystem::create_directory(path("clients"));
  write_file(path("clients/anna.key"), certificate_text(kAnnasKey), 0644);
  write_file(path("clients/ben"), certificate_text(kBensKey));
  write_file(path("clients/ben_secret"), "anything");
  write_file(path("clients/.hidden"), "anything");
  std::filesystem::create_directory(path("clients/old"));
  EXPECT_EQ(load_client_keys(path("clients")).size(), 2U);
  EXPECT_EQ(load_client_keys(path("clients/anna.key")), CurveKeys{*to_curve_key(kAnnasKey)});
  write_file(path("list"), std::string(kAnnasKey) + "\n" + std::string(kBensKey) + "\n");
  EXPECT_EQ(load_client_keys(path("list")).size(), 2U);
}

TEST_F(KeyFiles, OfClientsWithoutAKeyAreRefused) {
  std::filesystem::create_directory(path("clients"));
  expect_part(clients_refusal(path("clients")), "nobody could connect");
  write_file(path("list"), "# nobody yet\n");
  expect_part(clients_refusal(path("list")), "nobody could connect");
  expect_part(clients_refusal(path("none")), "No such file");
  write_file(path("clients/readme"), "not a certificate");
  expect_part(clients_refusal(path("clients")), path("clients/readme"));
  write_file(path("list"), std::string(kBensKey) + "\n" + std::string(kAnnasKey.substr(1)) + "\n");
  expect_part(clients_refusal(path("list")), "'" + path("list") + "': line 2 is no CURVE key");
  test::write_file(path("typo"), "# keys\nnot a key\n");
  expect_part(clients_refusal(path("typo")), "'" + path("typo") + "': line 2 is no CURVE key");
  expect_part(clients_refusal(path("typo")), "nor is this a certificate");
}

TEST_F(KeyFiles, OfClientsHoldOnlySoManyKeys) {
  std::string text;
  std::string key(40, '0');
  for (std::size_t i = 0; i <= kMostKeys; ++i) {
    std::string number = std::to_string(i);
    key.replace(key.size() - number.size(), number.size(), number);
    text += key + "\n";
  }
  write_file(path("list"), text);
  expect_part(clients_refusal(path("list")), "more than 100000 keys");
  write_file(path("list"), text.substr(key.size() + 1));
  EXPECT_EQ(load_client_keys(path("list")).size(), kMostKeys);
  write_file(path("list"), std::string((16U << 20U) + 1, '#'));
  expect_part(clients_refusal(path("list")), "longer than any list");
}

TEST_F(KeyFiles, OfClientsHoldOnlySoManyFilesEvenWithTheSameKey) {
  std::filesystem::create_directory(path("clients"));
  for (const char* const name : {"clients/a", "clients/b", "clients/c"}) {
    write_file(path(name), certificate_text(kAnnasKey));
  }
  EXPECT_EQ(load_client_keys(path("clients"), 3).size(), 1U);
  EXPECT_THROW(static_cast<void>(load_client_keys(path("clients"), 2)), CertificateError);
}

}  // namespace
}  // namespace omzmq
