# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# What every source is compiled with. Warnings are errors in the presets only
# (CMAKE_COMPILE_WARNING_AS_ERROR), never for somebody who packages it with another compiler.
function(omzmq_compile_options name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual>
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
  if(CMAKE_SIZEOF_VOID_P EQUAL 4)
    # Or files end at 2 GiB: spool files, what zmqtap writes. rsyslogd is built with it too.
    target_compile_definitions(${name} PRIVATE _FILE_OFFSET_BITS=64)
  endif()
  if(OMZMQ_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${OMZMQ_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${name} PRIVATE -fsanitize=${OMZMQ_SANITIZE})
  endif()
  if(OMZMQ_FUZZ)
    # The fuzzer has to see which ways an input takes through the libraries too.
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# A target that is shipped. A mistake with a peer's bytes must end there instead of being used: so
# stacks and the C library's copies are guarded (which takes an optimiser), and what is linked is
# resolved at the start and read-only from then on.
function(omzmq_target name)
  omzmq_compile_options(${name})
  if(NOT OMZMQ_SANITIZE)
    target_compile_options(${name} PRIVATE -fstack-protector-strong
      $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
      $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
    target_link_options(${name} PRIVATE -Wl,-z,relro -Wl,-z,now)
  endif()
endfunction()

# A target of tests: not optimised, because GoogleTest's macros take twice as long to compile with it
# and nothing in them has to be fast; and with line numbers for its only debug information.
function(omzmq_test_target name)
  omzmq_compile_options(${name})
  target_compile_options(${name} PRIVATE -O0 -g1)
  if(OMZMQ_SANITIZE)
    # The macros of gcc and clang for it differ.
    target_compile_definitions(${name} PRIVATE OMZMQ_TEST_SANITIZED)
  endif()
  if(TARGET omzmq_test_headers AND NOT name STREQUAL omzmq_test_headers)
    get_target_property(type ${name} TYPE)
    get_target_property(sources ${name} SOURCES)
    if(type STREQUAL EXECUTABLE AND sources MATCHES "\\.cpp")
      target_precompile_headers(${name} REUSE_FROM omzmq_test_headers)
      # Its definitions have to be those that the headers were compiled with.
      target_link_libraries(${name} PRIVATE GTest::gtest)
    endif()
  endif()
endfunction()
