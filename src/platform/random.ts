import { randomBytes } from 'node:crypto';

/** Randomness, so that a whole system can be repeated from a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** `length` bytes; unguessable only from {@link systemRandom}. */
  bytes(length: number): Buffer;
}

export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  integer: (below) => Math.floor((randomBytes(6).readUIntBE(0, 6) / 2 ** 48) * below),
  bytes: (length) => randomBytes(length),
};

/** sfc32 (Chris Doty-Humphrey, PractRand): small, fast, good enough for simulations; never for secrets. */
export function createSeededRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;
  const next32 = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next32();
  return {
    next: () => next32() / 2 ** 32,
    integer: (below) => Math.floor((next32() / 2 ** 32) * below),
    bytes: (length) => Buffer.from(Array.from({ length }, () => next32() & 255)),
  };
}
