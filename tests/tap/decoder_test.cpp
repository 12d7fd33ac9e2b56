// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omzmq::tap {
namespace {

using Messages = std::vector<std::string>;

Messages decode(Format format, std::string_view frame) {
  Decoder decoder(format);
  decoder.load(frame);
  Messages messages;
  while (const auto message = decoder.next()) {
    messages.emplace_back(*message);
  }
  return messages;
}

TEST(Decoder, HasNothingBeforeAFrameIsLoaded) {
  EXPECT_FALSE(Decoder(Format::Raw).next().has_value());
}

TEST(Decoder, RawTakesTheFrameAsItIs) {
  const std::string frame("a\nb\0c\n", 6);
  EXPECT_EQ(decode(Format::Raw, frame), Messages{frame});
  EXPECT_EQ(decode(Format::Raw, ""), Messages{""});
}

TEST(Decoder, LinesAreSeparatedByLf) {
  EXPECT_EQ(decode(Format::Lines, "one"), Messages{"one"});
  EXPECT_EQ(decode(Format::Lines, "one\ntwo\nthree"), (Messages{"one", "two", "three"}));
}

TEST(Decoder, LinesKeepEmptyMessages) {
  EXPECT_EQ(decode(Format::Lines, ""), Messages{""});
  EXPECT_EQ(decode(Format::Lines, "\n"), (Messages{"", ""}));
  EXPECT_EQ(decode(Format::Lines, "a\n\nb\n"), (Messages{"a", "", "b", ""}));
}

TEST(Decoder, LinesKeepNulBytes) {
  EXPECT_EQ(decode(Format::Lines, std::string_view("a\0b\nc", 5)),
            (Messages{std::string("a\0b", 3), "c"}));
}

TEST(Decoder, LoadForgetsTheRestOfTheLastFrame) {
  Decoder decoder(Format::Lines);
  decoder.load("a\nb");
  EXPECT_EQ(decoder.next(), "a");
  decoder.load("c");
  EXPECT_EQ(decoder.next(), "c");
  EXPECT_FALSE(decoder.next().has_value());
}

}  // namespace
}  // namespace omzmq::tap
