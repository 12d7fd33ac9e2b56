// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Receives what omzmq sends with format="packed" and writes each record as a line.
// Node.js 18 or newer; zstd needs 22.15. docs/wire-format.md explains the format.
import {once} from "node:events";
import {parseArgs} from "node:util";
import zlib from "node:zlib";
import {Pull, Subscriber} from "zeromq";

const HEADER_SIZE = 56, CRC_AT = 52, BEAT = 1;
const MAX_RAW_SIZE = 64 << 20;
const MAX_COUNT = 1000000;  // what batch.maxMessages may be
const MAX_STREAMS = 65536;  // four senders may have all of theirs
const counted = {records: 0, missed: 0n, duplicates: 0n, corrupt: 0, restarts: 0};

class Corrupt extends Error {}

const TABLE = new Uint32Array(256).map((_, n) => {
  for (let bit = 0; bit < 8; ++bit) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
  return n;
});

function crc32c(bytes, crc = 0) {
  crc = ~crc;
  for (let i = 0; i < bytes.length; ++i) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function decompress(codec, body, rawSize) {
  if (codec === 0) return body;
  if (codec === 1 && zlib.zstdDecompressSync) {
    try {
      return zlib.zstdDecompressSync(body, {maxOutputLength: Math.max(rawSize, 1)});
    } catch (error) {
      throw new Corrupt(`does not decompress: ${error.message}`);
    }
  }
  throw new Error(codec === 1 ? `zstd needs Node.js 22.15 or newer; this is ${process.version}`
                              : "lz4: node:zlib has none; let the sender use zstd or none");
}

// Returns the epoch, stream, first number and records of a frame.
function decode(frame) {
  if (frame.length < HEADER_SIZE) throw new Corrupt("too short");
  if (frame.toString("latin1", 0, 4) !== "OZB1") throw new Corrupt("wrong magic");
  const [version, flags, codec, headerSize] = frame.subarray(4, 8);
  if (version !== 1 || flags & ~BEAT || codec > 2)
    throw new Corrupt(`unknown version ${version}, flags ${flags} or codec ${codec}`);
  if (headerSize < HEADER_SIZE || headerSize > frame.length)
    throw new Corrupt(`impossible header size ${headerSize}`);
  const count = frame.readUInt32LE(32), rawSize = frame.readUInt32LE(36);
  if (rawSize > MAX_RAW_SIZE || count > MAX_COUNT)
    throw new Corrupt(`impossible raw size ${rawSize} or count ${count}`);
  const body = frame.subarray(headerSize);
  if (flags & BEAT && (count || body.length)) throw new Corrupt("a beat with a body");
  if (crc32c(body, crc32c(frame.subarray(0, CRC_AT))) !== frame.readUInt32LE(CRC_AT))
    throw new Corrupt("wrong CRC");
  const raw = decompress(codec, body, rawSize);
  const records = [];
  let at = 0;
  while (at + 4 <= raw.length && records.length < count) {
    const start = at + 4;
    at = start + raw.readUInt32LE(at);
    records.push(raw.subarray(start, at));
  }
  if (raw.length !== rawSize || at !== rawSize || records.length !== count)
    throw new Corrupt("records do not fill the body");
  const [epoch, stream, first] = [8, 16, 24].map((offset) => frame.readBigUInt64LE(offset));
  return {epoch, stream, first, records};
}

function asLines(records) {
  const lines = Buffer.alloc(records.reduce((size, record) => size + record.length + 1, 0), "\n");
  let at = 0;
  for (const record of records) at += record.copy(lines, at) + 1;
  return lines;
}

function report(what, number, text) {
  counted[what] += number;
  console.error(text);
}

// A Map keeps its order, so that the key not seen for longest is the first to leave.
function remember(table, key, value) {
  table.delete(key);
  table.set(key, value);
  if (table.size > MAX_STREAMS) table.delete(table.keys().next().value);
}

// Compares with the number that must come next; a new stream begins with what it sends.
const epochs = new Map(), streams = new Map();
function checkSequence({epoch, stream, first, records}) {
  const name = epoch.toString(16).padStart(16, "0");
  if (epochs.size && !epochs.has(name)) report("restarts", 1, `restart: new epoch ${name}`);
  remember(epochs, name, true);
  const key = `${name}/${stream}`;
  const expected = streams.get(key) ?? first, end = first + BigInt(records.length);
  const again = (end < expected ? end : expected) - first;
  const where = `at ${first} of stream ${stream}, epoch ${name}`;
  if (first > expected) report("missed", -again, `gap: ${-again} missing ${where}`);
  else if (again > 0n) report("duplicates", again, `duplicate: ${again} ${where}`);
  remember(streams, key, end > expected ? end : expected);
}

const usage = "usage: receive.mjs [--pull] [--bind] [--topic PREFIX]... [--count N] [--quiet] " +
    "[--shared] ENDPOINT...\n  --shared: one of several PULL workers, seek no gaps";
const flag = {type: "boolean", default: false}, text = {type: "string"};
let options, endpoints, limit;
try {
  ({values: options, positionals: endpoints} = parseArgs({allowPositionals: true, options: {
    pull: flag, bind: flag, quiet: flag, shared: flag, count: text,
    topic: {type: "string", multiple: true}}}));
  limit = Number(options.count ?? Infinity);
  if (!endpoints.length || !(limit > 0)) throw new Error("an ENDPOINT is needed, and N above 0");
} catch (error) {
  console.error(`${error.message}\n${usage}`);
  process.exit(2);
}

// A socket that connects would never come back after a frame beyond it.
const settings = options.bind ? {maxMessageSize: MAX_RAW_SIZE + 255} : {};
const socket = options.pull ? new Pull(settings) : new Subscriber(settings);
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => socket.close());
process.stdout.on("error", () => process.exit(0));  // a closed pipe ends it quietly
try {
  if (!options.pull) socket.subscribe(...(options.topic ?? [""]));
  for (const endpoint of endpoints) {
    if (options.bind) await socket.bind(endpoint);
    else socket.connect(endpoint);
  }
  for await (const parts of socket) {  // [topic,] batch
    let batch;
    try {
      batch = decode(parts.at(-1));
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      report("corrupt", 1, `corrupt frame: ${error.message}`);
      continue;
    }
    if (!options.shared) checkSequence(batch);
    const records = batch.records.slice(0, limit - counted.records);
    counted.records += records.length;
    if (!options.quiet && records.length) {
      if (!process.stdout.write(asLines(records))) await once(process.stdout, "drain");
    }
    if (counted.records >= limit) break;
  }
} catch (error) {
  console.error(`${endpoints.join(" ")}: ${error.message}`);
  process.exitCode = 1;
}
if (!socket.closed) socket.close();
console.error(Object.entries(counted).map((entry) => entry.join(" ")).join(", "));
