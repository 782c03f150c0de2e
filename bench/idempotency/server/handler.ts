import { randomUUID } from 'node:crypto'

/** The body of a request. */
export interface Transfer {
  readonly from: string
  readonly to: string
  readonly amount: number
  readonly currency: string
  readonly note: string
}

/** The body of an answer. */
export interface Receipt extends Transfer {
  readonly id: string
}

/** What every framework calls for a transfer, protected or not. */
export type Handler = (transfer: Transfer) => Receipt | Promise<Receipt>

/** A handler without an effect, which counts how often it ran. */
export function countingHandler(onRun: () => void): Handler {
  return (transfer) => {
    onRun()
    return { id: randomUUID(), ...transfer }
  }
}
