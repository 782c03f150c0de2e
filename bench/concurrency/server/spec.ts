/** What a server process is to be. */
export type ServerSpec =
  | {
      readonly kind: 'counter'
      /** `sqlite:PATH` or a URL of Postgres. */
      readonly database: string
      /** Whether comparing and writing are one step, or two as they are almost everywhere. */
      readonly write: WriteKind
    }
  | { readonly kind: 'plain'; readonly around: Around }

/** What goes round a handler that does next to nothing: the account step, and with it one policy that adds a field to the answer, or preconditions. */
export type Around = 'account' | 'field' | 'preconditions'

export type WriteKind = 'compare-and-set' | 'check-then-act'

/** What a process has used, and what its counter is. */
export interface Usage {
  readonly cpuUs: number
  readonly counter: number
}
