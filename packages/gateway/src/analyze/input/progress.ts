import type { Output } from '../../cli/io.ts'

/** Tells on standard error how far a long run has come. */
export interface Progress {
  /** @param share done so far, from 0 to 1; `undefined` when nobody knows the end */
  update(what: string, share?: number): void
  /** Removes what a terminal still shows. */
  done(): void
}

/**
 * On a terminal one line that is written over, elsewhere a line every ten seconds, so that a short run in a script says nothing.
 *
 * @param now milliseconds
 */
export function createProgress(output: Output, now: () => number): Progress {
  const isTerminal = output.isTTY === true
  const everyMs = isTerminal ? 200 : 10_000
  let lastAt = now()
  let isShown = false
  return {
    update(what, share) {
      if (now() - lastAt < everyMs) return
      lastAt = now()
      const text = share === undefined ? what : `${what} ${Math.floor(Math.min(share, 1) * 100)} %`
      output.write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`)
      isShown = isTerminal
    },
    done() {
      if (isShown) output.write('\r\u001b[K')
      isShown = false
    },
  }
}
