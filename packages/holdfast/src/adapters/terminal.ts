import type { Call } from '../core/call.ts'
import type { Next } from '../core/policy.ts'
import { withHeaders } from '../core/reply.ts'
import type { HeadersOf, Reply, ReplyHead } from '../core/reply.ts'
import { reportFailure } from './failure.ts'

/** Where the reply of a bare run can be seen afterwards. */
export interface BareRun {
  /** Settles once the framework has answered; the reply's body is gone by then. */
  sent(): Promise<Reply>
}

/**
 * The innermost `next` of a server, and the reply it promises: the policy is suspended on it until the framework's answer
 * has a head.
 *
 * A thenable rather than a `Promise`, because it knows whether anyone waits for it. A policy chain that hands it back
 * unobserved has nothing to do with the answer, and the framework then runs as if nothing were installed.
 */
export class Terminal implements Promise<Reply> {
  isObserved = false
  #call: Call | undefined
  #isClosed = false
  #begin: ((call: Call) => void) | undefined
  #promise: Promise<Reply> | undefined
  #resolve: ((reply: Reply | Promise<Reply>) => void) | undefined
  #early: Promise<Reply> | undefined
  #bare: BareRun | undefined
  #late: readonly HeadersOf[] = none

  get [Symbol.toStringTag](): string {
    return 'Promise'
  }

  readonly next: Next = (call) => {
    if (this.#isClosed || this.#call !== undefined) return Promise.reject(new Error(twice(this.#isClosed)))
    this.#call = call
    this.#begin?.(call)
    return this
  }

  /** The call `next` was given, once it was. */
  get call(): Call | undefined {
    return this.#call
  }

  /** Runs the handler: at once when `next` was already called, else when it is. */
  begin(run: (call: Call) => void): void {
    if (this.#call === undefined) this.#begin = run
    else run(this.#call)
  }

  /** Adds fields to the answer; see `addHeaders` of core. Only who waits already is given a promise of its own. */
  addHeaders(headersOf: HeadersOf): Promise<Reply> {
    if (this.isObserved) return this.then((reply) => withHeaders(reply, headersOf(reply)))
    this.#late = this.#late === none ? [headersOf] : [...this.#late, headersOf]
    return this
  }

  /**
   * Has each adder work its fields out, and `lay` them over the head that the next one sees. Those that cannot be worked out, or that no head can
   * carry, are reported and left out: the handler has done its work, and its answer stands.
   */
  layLate<Head extends ReplyHead>(head: Head, lay: (head: Head, changes: ReturnType<HeadersOf>) => Head): Head {
    let seen = head
    for (const headersOf of this.#late) {
      try {
        const changes = headersOf(seen)
        for (const name in changes) if (!fit.test(name + ':' + changes[name])) throw new TypeError('invalid ' + name)
        seen = lay(seen, changes)
      } catch (error) {
        reportFailure(error)
      }
    }
    return seen
  }

  get hasLateHeaders(): boolean {
    return this.#late !== none
  }

  /** The answer with those fields. */
  dress(reply: Reply): Reply {
    return this.layLate<Reply>(reply, withHeaders)
  }

  /**
   * Lets the framework run with nothing installed. Who waits for the reply after all, as `Promise.resolve(next(call))` does
   * but a moment later, gets it when it has been sent.
   */
  runBare(run: BareRun): void {
    this.#isClosed = true
    this.#bare = run
  }

  /** After this, `next` is refused. */
  close(): void {
    this.#isClosed = true
  }

  resolve(reply: Reply): void {
    this.#settle(Promise.resolve(reply))
  }

  reject(error: unknown): void {
    const rejected = Promise.reject<Reply>(error as Error)
    // Whoever waits gets the rejection from its own promise; this one must not count as unhandled.
    rejected.catch(ignore)
    this.#settle(rejected)
  }

  // oxlint-disable-next-line unicorn/no-thenable -- see the class: being observed is what it is for.
  then<A = Reply, B = never>(
    onReply?: ((reply: Reply) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#observed().then(onReply, onError)
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Reply | B> {
    return this.#observed().catch(onError)
  }

  finally(onSettled?: (() => void) | null): Promise<Reply> {
    return this.#observed().finally(onSettled)
  }

  #observed(): Promise<Reply> {
    this.isObserved = true
    this.#promise ??= this.#bare?.sent() ?? this.#dressed(this.#early ?? new Promise((resolve) => (this.#resolve = resolve)))
    return this.#promise
  }

  #dressed(answer: Promise<Reply>): Promise<Reply> {
    return this.hasLateHeaders ? answer.then((reply) => this.dress(reply)) : answer
  }

  #settle(outcome: Promise<Reply>): void {
    if (this.#resolve === undefined) this.#early ??= outcome
    else this.#resolve(outcome)
  }
}

/** Tells a promised reply from one that is already there. */
export function isPromised(outcome: Promise<Reply> | Reply): outcome is Promise<Reply> {
  return typeof (outcome as Promise<Reply> | undefined)?.then === 'function'
}

/** Refuses what is no reply: a policy in JavaScript forgets its `return` easily. */
export function assertReply(reply: Reply | undefined): asserts reply is Reply {
  if (typeof reply?.status !== 'number') throw new TypeError('a policy must return a reply, or what next() returned')
}

function ignore(): void {}

/** A field line that Node and `Headers` write, with anything visible in its name. */
const fit = /^[!-~]+:[\t -~\x80-\xff]*$/

const none: readonly HeadersOf[] = []

function twice(isClosed: boolean): string {
  return isClosed
    ? 'next() was called after the policy had answered'
    : 'next() was called twice; only policies of a client or gateway may repeat'
}
