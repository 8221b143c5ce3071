// Looks for a number that makes SHA-256 of "task:number" begin with enough zero bits. See tips/defence.py.
"use strict";

const K = [];
const START = [];
for (let candidate = 2; K.length < 64; candidate += 1) {
  let isPrime = true;
  for (let factor = 2; factor * factor <= candidate; factor += 1) if (candidate % factor === 0) isPrime = false;
  if (isPrime) {
    if (START.length < 8) START.push((Math.sqrt(candidate) % 1) * 4294967296 | 0);
    K.push((Math.cbrt(candidate) % 1) * 4294967296 | 0);
  }
}
const turn = (word, bits) => (word >>> bits) | (word << (32 - bits));
const schedule = new Int32Array(64);

// The first word of the digest of an ASCII text.
const firstWord = (text) => {
  const size = ((text.length + 8 >> 6) + 1) << 6;
  const bytes = new DataView(new ArrayBuffer(size));
  for (let at = 0; at < text.length; at += 1) bytes.setUint8(at, text.charCodeAt(at));
  bytes.setUint8(text.length, 0x80);
  bytes.setUint32(size - 4, text.length * 8);
  let hash = START.slice();
  for (let block = 0; block < size; block += 64) {
    for (let at = 0; at < 16; at += 1) schedule[at] = bytes.getInt32(block + at * 4);
    for (let at = 16; at < 64; at += 1) {
      const early = schedule[at - 15];
      const late = schedule[at - 2];
      schedule[at] = schedule[at - 16] + (turn(early, 7) ^ turn(early, 18) ^ (early >>> 3))
        + schedule[at - 7] + (turn(late, 17) ^ turn(late, 19) ^ (late >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let at = 0; at < 64; at += 1) {
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[at] + schedule[at] | 0;
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, d + one | 0, c, b, a, one + two | 0];
    }
    hash = [a, b, c, d, e, f, g, h].map((word, at) => word + hash[at] | 0);
  }
  return hash[0] >>> 0;
};

self.addEventListener("message", ({ data: { task, bits } }) => {
  let nonce = 0;
  while (firstWord(`${task}:${nonce}`) >>> (32 - bits) !== 0) nonce += 1;
  self.postMessage(String(nonce));
});
