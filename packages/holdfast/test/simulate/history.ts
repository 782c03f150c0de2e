import { createHash } from 'node:crypto'

/** One logical call of a caller: repeated under one key until something final is known of it. */
export interface Operation {
  readonly index: number
  readonly account: string
  readonly key: string
  /** What the caller sends; another operation may misuse its key with another payload. */
  readonly payload: string
}

/** A final answer that reached a caller. */
export interface Answered {
  readonly operation: Operation
  readonly status: number
  readonly body: string
}

/** One run of the handler, and how it ended. */
export interface Execution {
  readonly account: string
  readonly key: string
  readonly payload: string
  readonly process: string
  effects: number
  /** It was killed, stopped past its lease, or failed in a way that allows another run. */
  disturbed: boolean
}

/** Everything that happened in one world, and a hash over it: the same seed must give the same one. */
export interface History {
  readonly answers: Answered[]
  readonly executions: Execution[]
  note(at: number, what: string): void
  digest(): string
}

/** Starts an empty history. */
export function createHistory(): History {
  const hash = createHash('sha256')
  return {
    answers: [],
    executions: [],
    note: (at, what) => void hash.update(`${at} ${what}\n`),
    digest: () => hash.copy().digest('hex'),
  }
}
