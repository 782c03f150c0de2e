import { storeUnavailable } from '../core/index.ts'
import type { Cancel } from '../core/index.ts'
import type { Settings } from './settings.ts'

/**
 * Bounds what a transaction waits for the store: for its beginning and for its end, but not for the work between them. A
 * transaction that begins after its caller was turned away does not run.
 */
export function boundedTransaction<Context, End, Verdict>(
  { store, clock, storeTimeoutMs }: Settings,
  run: (body: (context: Context) => Promise<End>) => Promise<Verdict>,
  body: (context: Context) => Promise<End>,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    let gaveUp = false
    const giveUpLater = (doing: string): Cancel =>
      clock.after(storeTimeoutMs, () => {
        gaveUp = true
        reject(storeUnavailable(`the ${store.name} store did not ${doing} a transaction within ${storeTimeoutMs} ms`))
      })
    let cancel = giveUpLater('begin')
    const work = run(async (context) => {
      // Told to nobody but the store.
      if (gaveUp) throw storeUnavailable('too late')
      cancel()
      try {
        return await body(context)
      } finally {
        cancel = giveUpLater('end')
      }
    })
    work.then(
      (verdict) => {
        cancel()
        resolve(verdict)
      },
      (error: unknown) => {
        cancel()
        reject(error as Error)
      },
    )
  })
}
