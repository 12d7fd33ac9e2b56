// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

package main

// What is used of libzmq, libzstd and liblz4. A program that has a Go binding of them needs none
// of this.

/*
#cgo LDFLAGS: -lzmq -lzstd -llz4
#include <errno.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <zmq.h>
#include <zstd.h>

// Returns the size, or (size_t)-1 for what is no whole lz4 frame or does not fit.
static size_t decompress_lz4(void *to, size_t room, const void *from, size_t size) {
	LZ4F_dctx *context;
	size_t written = room, left = size, hint;
	if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return (size_t)-1;
	hint = LZ4F_decompress(context, to, &written, from, &left, NULL);
	LZ4F_freeDecompressionContext(context);
	return hint == 0 ? written : (size_t)-1;
}
*/
import "C"

import (
	"fmt"
	"syscall"
	"unsafe"
)

// Socket is a ZeroMQ socket. One goroutine at a time may use it.
type Socket struct{ handle unsafe.Pointer }

// NewSocket makes a SUB or PULL whose Receive waits for 200 ms at most.
func NewSocket(pull bool, maxMessageSize int64) (*Socket, error) {
	kind := C.int(C.ZMQ_SUB)
	if pull {
		kind = C.ZMQ_PULL
	}
	handle, err := C.zmq_socket(C.zmq_ctx_new(), kind)
	if handle == nil {
		return nil, err
	}
	timeout := C.int(200)
	C.zmq_setsockopt(handle, C.ZMQ_RCVTIMEO, unsafe.Pointer(&timeout), C.sizeof_int)
	C.zmq_setsockopt(handle, C.ZMQ_MAXMSGSIZE, unsafe.Pointer(&maxMessageSize), 8)
	return &Socket{handle}, nil
}

// Subscribe asks for the topics with this prefix.
func (s *Socket) Subscribe(prefix string) {
	text := C.CString(prefix)
	defer C.free(unsafe.Pointer(text))
	C.zmq_setsockopt(s.handle, C.ZMQ_SUBSCRIBE, unsafe.Pointer(text), C.size_t(len(prefix)))
}

// Open binds or connects.
func (s *Socket) Open(endpoint string, bind bool) error {
	text := C.CString(endpoint)
	defer C.free(unsafe.Pointer(text))
	result, err := C.int(0), error(nil)
	if bind {
		result, err = C.zmq_bind(s.handle, text)
	} else {
		result, err = C.zmq_connect(s.handle, text)
	}
	if result != 0 {
		return fmt.Errorf("%s: %s", endpoint, C.GoString(C.zmq_strerror(C.int(err.(syscall.Errno)))))
	}
	return nil
}

// Receive returns the last part of the next message, which is the batch; nil when none came.
func (s *Socket) Receive() ([]byte, error) {
	var message C.zmq_msg_t
	C.zmq_msg_init(&message)
	defer C.zmq_msg_close(&message)
	for {
		if result, err := C.zmq_msg_recv(&message, s.handle, 0); result < 0 {
			if err == syscall.EAGAIN || err == syscall.EINTR {
				return nil, nil
			}
			return nil, err
		}
		if C.zmq_msg_more(&message) == 0 {
			data, size := C.zmq_msg_data(&message), C.zmq_msg_size(&message)
			return C.GoBytes(data, C.int(size)), nil
		}
	}
}

// Decompress returns size bytes, or nothing when the body does not hold exactly so many.
func Decompress(codec byte, body []byte, size uint32) ([]byte, bool) {
	if codec == 0 {
		return body, len(body) == int(size)
	}
	if len(body) == 0 {
		return nil, false
	}
	raw := make([]byte, int(size)+1) // never empty, so that it has an address
	to, from := unsafe.Pointer(&raw[0]), unsafe.Pointer(&body[0])
	var written C.size_t
	if codec == 1 {
		written = C.ZSTD_decompress(to, C.size_t(size), from, C.size_t(len(body)))
	} else {
		written = C.decompress_lz4(to, C.size_t(size), from, C.size_t(len(body)))
	}
	return raw[:size], written == C.size_t(size)
}
