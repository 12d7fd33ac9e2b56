// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Receives what omzmq sends with format="packed" and writes each record as a line.
// packed.go decodes, clib.go calls the C libraries, docs/wire-format.md explains the format.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

type topics []string

func (t *topics) String() string         { return fmt.Sprint(*t) }
func (t *topics) Set(value string) error { *t = append(*t, value); return nil }

var (
	pull     = flag.Bool("pull", false, "PULL instead of SUB")
	bind     = flag.Bool("bind", false, "bind instead of connect")
	limit    = flag.Uint64("count", 0, "end after so many records")
	quiet    = flag.Bool("quiet", false, "only count")
	shared   = flag.Bool("shared", false, "one of several PULL workers: seek no gaps")
	prefixes topics
)

func open() (*Socket, error) {
	maxMessageSize := int64(-1) // none: a socket that connects would never come back after one
	if *bind {
		maxMessageSize = maxRawSize + 255
	}
	socket, err := NewSocket(*pull, maxMessageSize)
	if err != nil {
		return nil, err
	}
	if len(prefixes) == 0 {
		prefixes = topics{""}
	}
	for _, prefix := range prefixes {
		socket.Subscribe(prefix)
	}
	for _, endpoint := range flag.Args() {
		if err := socket.Open(endpoint, *bind); err != nil {
			return nil, err
		}
	}
	return socket, nil
}

// receive returns after the limit, at a signal, or with an error.
func receive(socket *Socket) error {
	var records, missed, duplicates, corrupt, restarts uint64
	defer func() {
		fmt.Fprintf(os.Stderr, "records %d, missed %d, duplicates %d, corrupt %d, restarts %d\n",
			records, missed, duplicates, corrupt, restarts)
	}()
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	streams := &Streams{}
	for stop.Err() == nil && (*limit == 0 || records < *limit) {
		frame, err := socket.Receive()
		if err != nil {
			return err
		}
		if frame == nil {
			continue
		}
		batch, err := Decode(frame)
		if err != nil {
			corrupt++
			fmt.Fprintln(os.Stderr, "corrupt frame:", err)
			continue
		}
		if !*shared {
			gap, again, restart := streams.Check(batch)
			where := fmt.Sprintf("at %d of stream %d, epoch %016x", batch.First, batch.Stream, batch.Epoch)
			if restart {
				restarts++
				fmt.Fprintf(os.Stderr, "restart: new epoch %016x\n", batch.Epoch)
			}
			if missed += gap; gap > 0 {
				fmt.Fprintf(os.Stderr, "gap: %d missing %s\n", gap, where)
			}
			if duplicates += again; again > 0 {
				fmt.Fprintf(os.Stderr, "duplicate: %d %s\n", again, where)
			}
		}
		for _, record := range batch.Records {
			if *limit != 0 && records == *limit {
				break
			}
			if records++; !*quiet {
				out.Write(record)
				out.WriteByte('\n')
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	flag.Var(&prefixes, "topic", "SUB: a topic's prefix; may be repeated")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "an ENDPOINT is needed: tcp://host:port, ipc:///path")
		flag.Usage()
		os.Exit(2)
	}
	socket, err := open()
	if err == nil {
		err = receive(socket)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
