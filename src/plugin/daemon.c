/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "obj.h"

#include "plugin/daemon.h"

DEFobjCurrIf(obj);

rsRetVal daemon_query(const char* object, int version, daemon_interface* interface) {
  DEFiRet;
  if (objGetObjInterface(&obj) != RS_RET_OK) return RS_RET_ERR; /* says nothing of this version */
  *interface = (daemon_interface){.version = version};
  CHKiRet(obj.UseObj(__FILE__, (uchar*)object, CORE_COMPONENT, (interface_t*)interface));
finalize_it:
  RETiRet;
}

/* The daemon does not tell its version. It keeps what is refused from 8.2606 on, which is the
 * release that raised the version of the interface `glbl` to 11 as well. Where it cannot be found
 * out, the answer is the one with which nothing is lost. */
bool daemon_keeps_refused(void) {
  enum { kLastThatForgets = 10 };
  static const char* const name = "glbl";
  daemon_interface interface;
  for (int version = 1; version <= kLastThatForgets; ++version) {
    if (daemon_query(name, version, &interface) != RS_RET_INTERFACE_NOT_SUPPORTED) return false;
  }
  return true;
}
