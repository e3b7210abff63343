/**
 * The first 64 bits of the SHA-256 (FIPS 180-4) of some bytes. `crypto.subtle` hands each text to another thread, which costs a
 * server more than all else it does to begin a turn; a message has a few blocks only.
 */
export function sha256Start(bytes: Uint8Array): Uint8Array {
  const padded = new DataView(new ArrayBuffer((((bytes.length + 8) >> 6) + 1) << 6))
  new Uint8Array(padded.buffer).set(bytes)
  padded.setUint8(bytes.length, 0x80)
  padded.setBigUint64(padded.byteLength - 8, BigInt(bytes.length) * 8n)

  const words = new Int32Array(64)
  let hash: Hash = initial
  for (let start = 0; start < padded.byteLength; start += 64) {
    for (let n = 0; n < 64; n += 1) {
      words[n] = n < 16 ? padded.getInt32(start + 4 * n) : nextWord(words, n)
    }
    hash = addBlock(hash, words)
  }
  const first = new DataView(new ArrayBuffer(8))
  first.setInt32(0, hash[0])
  first.setInt32(4, hash[1])
  return new Uint8Array(first.buffer)
}

type Hash = readonly [number, number, number, number, number, number, number, number]

function addBlock(hash: Hash, words: Int32Array): Hash {
  let [a, b, c, d, e, f, g, h] = hash
  for (let n = 0; n < 64; n += 1) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + at(constants, n) + at(words, n)) | 0
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const [h0, h1, h2, h3, h4, h5, h6, h7] = hash
  return [
    (h0 + a) | 0,
    (h1 + b) | 0,
    (h2 + c) | 0,
    (h3 + d) | 0,
    (h4 + e) | 0,
    (h5 + f) | 0,
    (h6 + g) | 0,
    (h7 + h) | 0,
  ]
}

function nextWord(words: Int32Array, n: number): number {
  const [early, late] = [at(words, n - 15), at(words, n - 2)]
  const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
  const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
  return (at(words, n - 16) + s0 + at(words, n - 7) + s1) | 0
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function at(words: Int32Array, n: number): number {
  return words[n] ?? 0
}

/** The fractions of the square roots of the first 8 primes, and of the cube roots of the first 64. */
const primes: number[] = []
for (let n = 2; primes.length < 64; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
const fraction = (root: number): number => ((root % 1) * 2 ** 32) | 0
const root = (n: number): number => fraction(Math.sqrt(primes[n] ?? 0))
const initial: Hash = [root(0), root(1), root(2), root(3), root(4), root(5), root(6), root(7)]
const constants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))
