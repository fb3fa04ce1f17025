#pragma once
#include <errno.h>
#include <sys/eventfd.h>
#include <zmq.h>

// What does not come over to Swift by itself: macros that are sums, and eventfd with its enumeration.
static inline int czmq_errno(void) { return zmq_errno(); }
static inline int czmq_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
