# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# Finds the headers of rsyslog and defines rsyslog::headers. They come from OMZMQ_RSYSLOG_DIR, or else
# from where scripts/rsyslog-headers.sh leaves them, which is run when they are not there yet.
# rsyslog's ./configure is never run: rsyslog_config/config.h stands for what it would write.

find_program(RSYSLOGD_EXECUTABLE rsyslogd PATHS /usr/sbin /usr/local/sbin /sbin)
mark_as_advanced(RSYSLOGD_EXECUTABLE)

# Sets the variable to the version that rsyslogd -v tells, or to nothing.
function(omzmq_rsyslogd_version variable)
  set(${variable} "" PARENT_SCOPE)
  if(RSYSLOGD_EXECUTABLE)
    execute_process(COMMAND ${RSYSLOGD_EXECUTABLE} -v OUTPUT_VARIABLE text ERROR_QUIET)
    if(text MATCHES "^rsyslogd +([0-9][^ ,\n]*)")
      set(${variable} ${CMAKE_MATCH_1} PARENT_SCOPE)
    endif()
  endif()
endfunction()

# Sets the variable to the tree that the script fetched, or fetches now.
function(omzmq_fetched_rsyslog_tree variable)
  set(script ${PROJECT_SOURCE_DIR}/scripts/rsyslog-headers.sh)
  execute_process(COMMAND ${script} --print OUTPUT_VARIABLE tree RESULT_VARIABLE result
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "No headers of rsyslog: ${script} failed, its reason is above. "
      "Cure it, or set -DOMZMQ_RSYSLOG_DIR=<unpacked rsyslog source tree>, "
      "or build without the plugin: -DOMZMQ_BUILD_PLUGIN=OFF.")
  endif()
  set(${variable} ${tree} PARENT_SCOPE)
endfunction()

# Sets the variable to the version that the tree's configure.ac tells.
function(omzmq_rsyslog_tree_version tree variable)
  file(STRINGS ${tree}/configure.ac lines REGEX "^AC_INIT")
  if(NOT lines MATCHES "AC_INIT\\(\\[rsyslog\\], *\\[([^]]+)\\]")
    message(FATAL_ERROR "${tree}/configure.ac names no version of rsyslog in AC_INIT; "
      "OMZMQ_RSYSLOG_DIR must be an unpacked rsyslog source tree.")
  endif()
  set(${variable} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

omzmq_rsyslogd_version(OMZMQ_RSYSLOGD_VERSION)
if(OMZMQ_RSYSLOG_DIR)
  get_filename_component(OMZMQ_RSYSLOG_TREE ${OMZMQ_RSYSLOG_DIR} ABSOLUTE BASE_DIR ${CMAKE_BINARY_DIR})
else()
  omzmq_fetched_rsyslog_tree(OMZMQ_RSYSLOG_TREE)
endif()
foreach(file runtime/module-template.h configure.ac)
  if(NOT EXISTS ${OMZMQ_RSYSLOG_TREE}/${file})
    message(FATAL_ERROR "OMZMQ_RSYSLOG_DIR=${OMZMQ_RSYSLOG_TREE} holds no ${file}; "
      "it must be an unpacked rsyslog source tree.")
  endif()
endforeach()
omzmq_rsyslog_tree_version(${OMZMQ_RSYSLOG_TREE} OMZMQ_RSYSLOG_VERSION)

if(NOT OMZMQ_RSYSLOGD_VERSION)
  message(STATUS "rsyslog headers: ${OMZMQ_RSYSLOG_VERSION}; no rsyslogd here to compare with")
elseif(NOT OMZMQ_RSYSLOGD_VERSION STREQUAL OMZMQ_RSYSLOG_VERSION)
  message(WARNING "The rsyslog headers in ${OMZMQ_RSYSLOG_TREE} are of version "
    "${OMZMQ_RSYSLOG_VERSION}, but ${RSYSLOGD_EXECUTABLE} is ${OMZMQ_RSYSLOGD_VERSION}.")
else()
  message(STATUS "rsyslog headers: ${OMZMQ_RSYSLOG_VERSION}, as ${RSYSLOGD_EXECUTABLE}")
endif()

# Only the headers: rsyslogd itself is linked to libestr and libfastjson, and gives a module the rest.
pkg_check_modules(omzmq_estr REQUIRED libestr)
pkg_check_modules(omzmq_fastjson REQUIRED libfastjson)
add_library(omzmq_rsyslog_headers INTERFACE)
add_library(rsyslog::headers ALIAS omzmq_rsyslog_headers)
target_include_directories(omzmq_rsyslog_headers SYSTEM INTERFACE
  ${PROJECT_SOURCE_DIR}/cmake/rsyslog_config
  ${OMZMQ_RSYSLOG_TREE}
  ${OMZMQ_RSYSLOG_TREE}/runtime
  ${OMZMQ_RSYSLOG_TREE}/grammar
  ${omzmq_estr_INCLUDE_DIRS}
  ${omzmq_fastjson_INCLUDE_DIRS})
