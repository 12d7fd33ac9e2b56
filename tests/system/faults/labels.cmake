# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# Read by ctest, after the lists of tests that gtest_discover_tests() wrote.
foreach(test IN LISTS omzmq_fault_receivers_test omzmq_fault_daemon_test omzmq_fault_load_test
    omzmq_fault_network_test)
  set_tests_properties("${test}" PROPERTIES LABELS "system;faults")
endforeach()
