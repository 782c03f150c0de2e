import { bodyTooLarge, isHoldfastError } from '../core/errors.ts'

interface Reading {
  readonly limit: number
  readonly bytes: Promise<Uint8Array> | Uint8Array
}

/** Reads a body once for all who ask. A reading that stopped at one limit does not stand in the way of a larger one. */
export class BodyMemo {
  readonly #load: (limit: number) => Promise<Uint8Array> | Uint8Array
  #reading: Reading | undefined

  constructor(load: (limit: number) => Promise<Uint8Array> | Uint8Array) {
    this.#load = load
  }

  async bytes(limit: number): Promise<Uint8Array> {
    for (;;) {
      this.#reading ??= { limit, bytes: this.#load(limit) }
      const reading = this.#reading
      try {
        const bytes = await reading.bytes
        if (bytes.byteLength <= limit) return bytes
        throw bodyTooLarge(limit)
      } catch (error) {
        const mayFit = reading.limit < limit && isHoldfastError(error) && error.code === 'body-too-large'
        if (!mayFit) throw error
        if (this.#reading === reading) this.#reading = undefined
      }
    }
  }
}
