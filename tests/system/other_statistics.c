/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* Stands for statistics_versions.c: knows no version that a daemon has. */
#include "config.h"

#include "rsyslog.h"

#include "plugin/daemon.h"

const statistics_version kStatisticsVersions[] = {{9999, 10}, {0, 0}};
