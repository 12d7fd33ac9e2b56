// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// --help and the man page tell of the same options, and these are the ones that there are.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "process.hpp"
#include "tap/options.hpp"

namespace omzmq::tap {
namespace {

bool is_part_of_option(char c) {
  return c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Every "-x" and "--name" in the text.
std::set<std::string> options_in(const std::string& text) {
  std::set<std::string> found;
  for (std::size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at)) {
    std::size_t end = at;
    while (end < text.size() && is_part_of_option(text[end])) {
      ++end;
    }
    const std::string word = text.substr(at, end - at);
    const bool begins = at == 0 || (!is_part_of_option(text[at - 1]) && text[at - 1] != '_');
    const bool is_long = word.size() > 3 && word[1] == '-' && word[2] != '-';
    const bool is_short = word.size() == 2 && word[1] != '-';
    if (begins && (is_long || is_short)) {
      found.insert(word);
    }
    at = end;
  }
  return found;
}

std::string man_page() {
  std::ifstream file(OMZMQ_DOCS "/zmqtap.1");
  std::ostringstream text;
  text << file.rdbuf();
  // Not the examples: their programs have options of their own.
  std::string page = text.str().substr(0, text.str().find(".SH OUTPUT"));
  for (std::size_t at = page.find("\\-"); at != std::string::npos; at = page.find("\\-")) {
    page.erase(at, 1);
  }
  for (std::size_t at = page.find("\\f"); at != std::string::npos; at = page.find("\\f")) {
    page.replace(at, 3, " ");
  }
  return page;
}

std::set<std::string> real_options() {
  std::set<std::string> all;
  for (const std::string& names : option_names()) {
    std::istringstream stream(names);
    for (std::string name; std::getline(stream, name, ',');) {
      if (name.front() == '-') {
        all.insert(name);
      }
    }
  }
  return all;
}

TEST(Help, NamesEveryOptionAndNoOther) {
  const std::string help = help_text();
  EXPECT_EQ(options_in(help.substr(0, help.find("Examples:"))), real_options());
}

TEST(Help, TheManPageNamesEveryOptionAndNoOther) {
  EXPECT_EQ(options_in(man_page()), real_options());
}

TEST(Help, FitsATerminalOfEightyColumns) {
  std::istringstream help(help_text());
  for (std::string line; std::getline(help, line);) {
    EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(Help, GroffHasNothingToSayAboutTheManPage) {
  Process groff({"/bin/sh", "-c",
                 "command -v groff >/dev/null || exit 77; "
                 "groff -man -ww -Tutf8 '" OMZMQ_DOCS "/zmqtap.1' >/dev/null"});
  const int code = groff.wait();
  if (code == 77) {
    GTEST_SKIP() << "groff is not installed";
  }
  EXPECT_EQ(code, 0);
  EXPECT_EQ(groff.errors(), "");
}

}  // namespace
}  // namespace omzmq::tap
