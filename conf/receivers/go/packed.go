// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	headerSize = 56
	crcAt      = 52
	beat       = 1
	maxRawSize = 64 << 20
	maxCount   = 1000000 // what batch.maxMessages may be
	maxStreams = 65536   // four senders may have all of theirs
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Batch is what a frame holds. Of a beat First is the next number to be given.
type Batch struct {
	Epoch, Stream, First uint64
	Records              [][]byte
}

// Decode verifies a frame and takes it apart; the records may be parts of the frame.
func Decode(frame []byte) (*Batch, error) {
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	if len(frame) < headerSize {
		return nil, errors.New("too short")
	}
	if string(frame[:4]) != "OZB1" {
		return nil, errors.New("wrong magic")
	}
	version, flags, codec, skip := frame[4], frame[5], frame[6], int(frame[7])
	if version != 1 || flags&^beat != 0 || codec > 2 {
		return nil, fmt.Errorf("unknown version %d, flags %d or codec %d", version, flags, codec)
	}
	if skip < headerSize || skip > len(frame) {
		return nil, fmt.Errorf("impossible header size %d", skip)
	}
	count, rawSize, body := u32(frame[32:]), u32(frame[36:]), frame[skip:]
	if rawSize > maxRawSize || count > maxCount {
		return nil, fmt.Errorf("impossible raw size %d or count %d", rawSize, count)
	}
	if flags&beat != 0 && (count != 0 || len(body) != 0) {
		return nil, errors.New("a beat with a body")
	}
	crc := crc32.Update(crc32.Checksum(frame[:crcAt], castagnoli), castagnoli, body)
	if crc != u32(frame[crcAt:]) {
		return nil, errors.New("wrong CRC")
	}
	raw, whole := Decompress(codec, body, rawSize)
	if !whole {
		return nil, errors.New("the body has not its raw size")
	}
	batch := &Batch{u64(frame[8:]), u64(frame[16:]), u64(frame[24:]), make([][]byte, 0, count)}
	for len(batch.Records) < int(count) && len(raw) >= 4 && uint64(u32(raw)) <= uint64(len(raw)-4) {
		end := 4 + u32(raw)
		batch.Records = append(batch.Records, raw[4:end])
		raw = raw[end:]
	}
	if len(raw) != 0 || len(batch.Records) != int(count) {
		return nil, errors.New("records do not fill the body")
	}
	return batch, nil
}

type streamID struct{ epoch, stream uint64 }

// Streams knows what number each stream must go on with. When a table is full it becomes the older
// one, and what was in the older one and not used since is forgotten: a bound without a list.
type Streams struct {
	next, older map[streamID]uint64
	epochs      map[uint64]bool
}

// Check compares with the number that must come next; a new stream begins with what it sends.
func (s *Streams) Check(b *Batch) (missed, duplicates uint64, restart bool) {
	if s.next == nil || len(s.next) >= maxStreams/2 {
		s.next, s.older = map[streamID]uint64{}, s.next
	}
	restart = len(s.epochs) > 0 && !s.epochs[b.Epoch]
	if s.epochs == nil || len(s.epochs) >= maxStreams {
		s.epochs = map[uint64]bool{}
	}
	s.epochs[b.Epoch] = true

	id, end := streamID{b.Epoch, b.Stream}, b.First+uint64(len(b.Records))
	expected, known := s.next[id]
	if !known {
		if expected, known = s.older[id]; !known {
			expected = b.First
		}
	}
	switch {
	case b.First > expected:
		missed = b.First - expected
	case end < expected:
		duplicates = end - b.First
	default:
		duplicates = expected - b.First
	}
	if s.next[id] = expected; end > expected {
		s.next[id] = end
	}
	return missed, duplicates, restart
}
