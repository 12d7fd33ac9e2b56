# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# What every target of the project is compiled with. Warnings are errors in the presets only
# (CMAKE_COMPILE_WARNING_AS_ERROR), never for somebody who packages it with another compiler.
function(omzmq_target name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual>
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
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

# A target of tests: not optimised, because GoogleTest's macros take twice as long to compile with it
# and nothing in them has to be fast; and with line numbers for its only debug information.
function(omzmq_test_target name)
  omzmq_target(${name})
  target_compile_options(${name} PRIVATE -O0 -g1)
endfunction()
