// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/live_screen.hpp"

namespace omzmq::tap {

void LiveScreen::handle_input() {
  is_outdated_ = terminal_.handle_signals() || is_outdated_;
  for (const char key : terminal_.read_keys()) {
    press(key);
  }
}

void LiveScreen::redraw(const Traffic& traffic, Traffic::TimePoint now,
                        const std::vector<std::string>& extra_lines) {
  ScreenView view;
  view.size = terminal_.size();
  view.style = style_;
  view.endpoints = endpoints_;
  view.now = now;
  view.paused = is_paused_;
  view.streams_first = streams_first_;
  view.extra_lines = &extra_lines;
  is_outdated_ = false;
  static_cast<void>(terminal_.draw(render(traffic, view)));  // wants_quit() asks for a loss
}

void LiveScreen::press(char key) noexcept {
  switch (key) {
    case 'q':
    case 'Q':
      wants_quit_ = true;
      break;
    case 'p':
    case ' ':
      is_paused_ = !is_paused_;
      is_outdated_ = true;
      break;
    case 't':
    case 's':
      streams_first_ = key == 's';
      is_outdated_ = true;
      break;
    default:
      break;
  }
}

}  // namespace omzmq::tap
