import { randomBytes } from 'node:crypto'

/** Crockford's base 32: in order of character code, without the letters I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Makes random bytes; a seeded one makes ids repeatable. */
export type RandomBytes = (size: number) => Uint8Array

/**
 * Makes an id that sorts by the time it was made: 11 characters of microseconds, 15 of chance.
 *
 * @example
 * newId('trf', clock.now()) // trf_01N3X8Z2K4B…
 */
export function newId(prefix: 'wal' | 'trf', micros: number, random: RandomBytes = randomBytes): string {
  let time = ''
  for (let rest = micros; time.length < 11; rest = Math.floor(rest / 32)) time = alphabet.charAt(rest % 32) + time
  const chance = Array.from(random(15), (byte) => alphabet.charAt(byte % 32)).join('')
  return `${prefix}_${time}${chance}`
}

/** Makes a number above 2^53, and odd, so that whoever reads it as a double gets a wrong one and is found out. */
export function newExternalNo(random: RandomBytes = randomBytes): bigint {
  const chance = random(5).reduce((number, byte) => number * 256n + BigInt(byte), 0n)
  return 2n ** 53n + 1n + 2n * chance
}
