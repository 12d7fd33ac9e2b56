// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// --help, the man page and the completions tell of the same options, and these are the ones that
// there are.
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

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string man_page() {
  // Not the examples: their programs have options of their own.
  std::string page = text_of(OMZMQ_DOCS "/zmqtap.1");
  page.erase(page.find(".SH OUTPUT"));
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

// Whether it stands there as a word of its own.
bool names(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_part_of_option(text[at - 1])) &&
        (end == text.size() || !is_part_of_option(text[end]))) {
      return true;
    }
  }
  return false;
}

// tests/packages/completions.sh asks the shells themselves; this one needs none.
TEST(Help, EachShellCompletesEveryOption) {
  const std::string bash = text_of(OMZMQ_COMPLETIONS "/zmqtap.bash");
  const std::string zsh = text_of(OMZMQ_COMPLETIONS "/zmqtap.zsh");
  const std::string fish = text_of(OMZMQ_COMPLETIONS "/zmqtap.fish");
  for (const std::string& option : real_options()) {
    EXPECT_TRUE(names(bash, option)) << option;
    EXPECT_TRUE(names(zsh, option)) << option;
    EXPECT_TRUE(
        names(fish, option.size() == 2 ? "-s " + option.substr(1) : "-l " + option.substr(2)))
        << option;
  }
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
