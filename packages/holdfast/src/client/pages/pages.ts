import type { FetchLike } from '../fetch-like.ts'
import type { Checkpoint } from './checkpoint.ts'
import { toWalkSettings } from './options.ts'
import type { WalkOptions } from './options.ts'
import { createWalk } from './walk.ts'
import type { Page, Walk } from './walk.ts'

/** An iteration that can be continued later, by another process too. */
export interface Resumable<Item> extends AsyncIterableIterator<Item, void, void> {
  /** The place just behind what was handed out last: `resumeFrom` of another walk goes on there. Take it when that has been dealt with. */
  checkpoint(): Checkpoint
  /** The same as text. */
  readonly cursor: string
}

/**
 * Iterates over the items of a list, page after page.
 *
 * Finds the next page by `Link: rel=next`, `next_cursor`, `next` or `cursor`, or by a function. Waits when the server asks for it, asks again when an
 * answer is lost, never follows a link to another origin, and notices a server that sends it in circles. Leaving the loop aborts what is being asked for.
 *
 * @throws PaginationLoopError, CursorExpiredError, RefusedError; HoldfastError `next-refused`, `page-invalid`, `checkpoint-refused`
 * @example
 * const transfers = items<Transfer>(fetch, 'https://api.example/transfers?limit=100', { resumeFrom: await load() })
 * for await (const transfer of transfers) {
 *   await book(transfer)
 *   await save(transfers.cursor)
 * }
 */
export function items<T = unknown>(fetch: FetchLike, url: string | URL, options: WalkOptions<T> = {}): Resumable<T> {
  const walk = createWalk(fetch, toWalkSettings(url, options))
  async function* run(): AsyncGenerator<T, void, void> {
    for await (const { page, handOut } of walk.pages()) {
      for (const item of page.items) {
        handOut(item)
        yield item
      }
    }
  }
  return resumable(run(), walk)
}

/**
 * Iterates over the pages of a list. A checkpoint is behind the whole page that was handed out last.
 *
 * @throws as `items`
 * @example
 * for await (const { items, number } of pages<Wallet>(fetch, 'https://api.example/wallets', { maxPages: 10 })) console.log(number, items.length)
 */
export function pages<T = unknown>(fetch: FetchLike, url: string | URL, options: WalkOptions<T> = {}): Resumable<Page<T>> {
  const walk = createWalk(fetch, toWalkSettings(url, options))
  async function* run(): AsyncGenerator<Page<T>, void, void> {
    for await (const { page, handOutAll } of walk.pages()) {
      handOutAll()
      yield page
    }
  }
  return resumable(run(), walk)
}

/** What iterations made of a generator are closed with. */
const closed = new Error('the iteration was closed')

/** Adds the checkpoint to a generator. Closing it while a page is being asked for does not wait for the page. */
export function resumable<Item>(
  generator: AsyncGenerator<Item, void, void>,
  { checkpoint, abort }: Pick<Walk<unknown>, 'checkpoint' | 'abort'>,
): Resumable<Item> {
  const iterator: Resumable<Item> = {
    next: () =>
      generator.next().catch((error: unknown) => {
        if (error === closed) return { done: true, value: undefined }
        throw error
      }),
    return() {
      abort(closed)
      return generator.return()
    },
    [Symbol.asyncIterator]: () => iterator,
    checkpoint,
    get cursor() {
      return JSON.stringify(checkpoint())
    },
  }
  return iterator
}
