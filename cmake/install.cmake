# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# Where things go. Three components, which debian/rules makes a package of each:
#   module   omzmq.so, the examples and the documents
#   tap      zmqtap, its manual page and completions
#   dev      what a receiver in C++ includes: find_package(omzmq), pkg-config omzmq
# `cmake --install build/release --prefix /usr --component module` puts omzmq.so where Debian's
# rsyslogd looks for it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Debian's folder of modules, whatever the prefix is: rsyslogd looks nowhere else by itself.
if(CMAKE_LIBRARY_ARCHITECTURE)
  set(default lib/${CMAKE_LIBRARY_ARCHITECTURE}/rsyslog)
else()
  set(default ${CMAKE_INSTALL_LIBDIR}/rsyslog)
endif()
set(OMZMQ_MODULE_DIR ${default} CACHE STRING "Where omzmq.so is installed: where rsyslogd looks for modules")
set(OMZMQ_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
    "Where zmqtap's completion for zsh is installed")

if(TARGET omzmq)
  set(documents ${CMAKE_INSTALL_DATADIR}/doc/rsyslog-omzmq)
  install(TARGETS omzmq LIBRARY DESTINATION ${OMZMQ_MODULE_DIR} COMPONENT module)
  install(DIRECTORY conf/ DESTINATION ${documents}/examples COMPONENT module USE_SOURCE_PERMISSIONS
    PATTERN apparmor EXCLUDE PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE)
  install(FILES docs/configuration.md docs/guarantees.md docs/migrating-from-omczmq.md
    docs/operations.md docs/statistics.md docs/wire-format.md
    DESTINATION ${documents} COMPONENT module)
endif()

if(TARGET zmqtap)
  install(TARGETS zmqtap RUNTIME COMPONENT tap)
  install(FILES docs/zmqtap.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tap)
  install(FILES src/tap/completions/zmqtap.bash RENAME zmqtap
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tap)
  install(FILES src/tap/completions/zmqtap.zsh RENAME _zmqtap
    DESTINATION ${OMZMQ_ZSH_DIR} COMPONENT tap)
  install(FILES src/tap/completions/zmqtap.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tap)
endif()

add_library(omzmq_wire INTERFACE)
target_include_directories(omzmq_wire INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(omzmq_wire INTERFACE cxx_std_20)
set_target_properties(omzmq_wire PROPERTIES EXPORT_NAME wire)
install(TARGETS omzmq_wire EXPORT omzmq)
install(FILES include/omzmq/wire.hpp include/omzmq/crc32c.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/omzmq COMPONENT dev)
install(EXPORT omzmq NAMESPACE omzmq:: FILE omzmq-config.cmake
  DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/omzmq COMPONENT dev)
write_basic_package_version_file(omzmq-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
configure_file(cmake/omzmq.pc.in omzmq.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/omzmq-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/omzmq COMPONENT dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/omzmq.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig COMPONENT dev)
