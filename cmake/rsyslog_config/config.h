/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
#ifndef OMZMQ_RSYSLOG_CONFIG_H
#define OMZMQ_RSYSLOG_CONFIG_H

/*
 * Stands for the config.h that rsyslog's ./configure would make: what rsyslog's headers ask for, as
 * Debian's daemon is built. To be included before any other header of rsyslog or of the system.
 *
 * Without NDEBUG and the atomics rsyslog's objects would have other sizes than in the daemon, so it
 * holds for debug builds of omzmq too; it also switches assert() off where this header is included.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#ifndef NDEBUG
#define NDEBUG 1
#endif

#define HAVE_ATOMIC_BUILTINS 1
#define HAVE_ATOMIC_BUILTINS64 1
#define HAVE_BUILTIN_EXPECT 1
#define HAVE_LSEEK64 1
#define HAVE_OFF64_T 1
#define HAVE_PTHREAD_SETSCHEDPARAM 1
#define HAVE_STRNDUP 1
#define HAVE_SYS_EPOLL_H 1

#endif
