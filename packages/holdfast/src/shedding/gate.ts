import { monotonic } from '../core/index.ts'
import type { Cancel, Clock, Random } from '../core/index.ts'
import { decideLimit, learnBaselines } from './adaptive-limit.ts'
import type { LimitState } from './adaptive-limit.ts'
import { decideAdmission, hasRoom, isCritical, longestQueue } from './decide.ts'
import type { Admission, Criticality } from './decide.ts'
import { createLatencyWindow } from './latency-window.ts'
import type { LoopDelay } from './loop-delay.ts'
import { createWaitingLine } from './waiting-line.ts'
import type { Waiter } from './waiting-line.ts'

/** Who asks to be let in. */
export interface Entrant {
  readonly caller: string
  readonly criticality: Criticality
  /** Routes of one class take about as long. */
  readonly routeClass: string
}

/** A call that was let in. */
export interface Pass {
  /** The answer's head is known. `isOverload`: it says that something behind is overloaded, or was too late. */
  answered(isOverload: boolean): void
  /** The exchange is over; the second time does nothing. */
  leave(): void
}

/** Why a call was not let in. */
export type Refusal = Exclude<Admission, 'admit' | 'wait'> | 'late' | 'gone'

/** Lets as many calls in at once as the process can serve without becoming slow. */
export interface Gate {
  /** A pass, a refusal, or the promise of one where the call waits for its turn. */
  enter(entrant: Entrant, signal: () => AbortSignal | undefined): Pass | Refusal | Promise<Pass | Refusal>
  /** How many calls may be under way now. */
  readonly limit: number
  readonly underWay: number
  /** How full the gate is, from 0 to 1. */
  readonly pressure: number
}

/** What a gate is made from. */
export interface GateSettings {
  readonly clock: Clock
  readonly initialLimit: number
  readonly minLimit: number
  readonly maxLimit: number
  readonly maxWaitMs: number
  readonly loopDelay: LoopDelay
  readonly random: Random
}

/** A moment in which few calls are let in, to see how long answers take when nothing is crowded. */
interface Probe {
  readonly limit: number
  readonly until: number
  /** Whether it holds for critical calls too: only where some of them have been turned away anyway. */
  readonly isForAll: boolean
  /** Whether the calls from before it are gone. */
  isClear: boolean
}

/** Lasting overload is looked through this often, milliseconds, and half as long by chance: processes must not do so together. */
const probeEveryMs = 10_000
const longestProbeMs = 1_000
const probeShare = 0.5
const fewestInProbe = 20

/** The event loop is late by more than this, milliseconds, when the process has more to do than it can. */
const lateLoopMs = 100

/** Makes a gate. It looks at its limit whenever an answer ends a window, and needs no timer. */
export function createGate({ clock, initialLimit, minLimit, maxLimit, maxWaitMs, loopDelay, random }: GateSettings): Gate {
  const now = (): number => monotonic(clock)
  let state: LimitState = { limit: initialLimit, baselines: new Map() }
  let underWay = 0
  const ofCaller = new Map<string, number>()
  const line = createWaitingLine()
  const window = createLatencyWindow(now())

  let probe: Probe | undefined
  let nextProbeAt = now() + probeEveryMs

  /** Since the window began, and not by a probe: what happened once, a while ago, is no reason to turn away more of them. */
  let haveCriticalBeenRefused = false

  function limitFor(criticality: Criticality): number {
    return probe !== undefined && (probe.isForAll || !isCritical(criticality)) ? probe.limit : state.limit
  }

  function adapt(now: number): void {
    if (probe !== undefined) return look(probe, now)
    const seen = window.close(now, () => loopDelay() > lateLoopMs)
    if (seen === undefined) return
    const isForAll = haveCriticalBeenRefused
    haveCriticalBeenRefused = false
    const before = state.limit
    state = decideLimit(state, seen, { min: minLimit, max: maxLimit })
    if (seen.isOverloaded && state.limit < before) window.restart(now)
    if (!seen.isSaturated || now < nextProbeAt) return
    const limit = Math.max(minLimit, Math.floor(state.limit * probeShare))
    if (limit < state.limit) probe = { limit, until: now + longestProbeMs, isForAll, isClear: false }
  }

  function look(current: Probe, now: number): void {
    if (!current.isClear && underWay <= current.limit) {
      current.isClear = true
      window.restart(now)
    }
    const seen = current.isClear ? window.peek(now < current.until ? fewestInProbe : 1) : undefined
    if (seen === undefined && now < current.until) return
    if (seen !== undefined) state = learnBaselines(state, seen)
    probe = undefined
    haveCriticalBeenRefused = false
    nextProbeAt = now + probeEveryMs * (1 + random() / 2)
    window.restart(now)
    callNext()
  }

  function count(caller: string, change: 1 | -1): void {
    const after = (ofCaller.get(caller) ?? 0) + change
    if (after === 0) ofCaller.delete(caller)
    else ofCaller.set(caller, after)
  }

  /** Counts a call in; its caller was counted when it arrived. */
  function letIn({ caller, routeClass }: Entrant): Pass {
    const startedAt = now()
    underWay += 1
    window.underWay(underWay)
    let isInside = true
    return {
      answered(isOverload) {
        const at = now()
        if (isOverload) window.overloaded(startedAt)
        window.answered(routeClass, startedAt, at)
        adapt(at)
      },
      leave() {
        if (!isInside) return
        isInside = false
        underWay -= 1
        count(caller, -1)
        callNext()
      },
    }
  }

  function callNext(): void {
    // What waits is critical at least; `critical+` waits only where even its share is full.
    while (line.length > 0 && hasRoom('critical', underWay, limitFor('critical'))) line.next(now(), probe === undefined)
  }

  function wait(entrant: Entrant, signal: AbortSignal | undefined): Promise<Pass | Refusal> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => {}
      const settle = (outcome: Pass | Refusal): void => {
        cancel()
        signal?.removeEventListener('abort', onGone)
        if (outcome === 'late') haveCriticalBeenRefused = true
        if (typeof outcome === 'string') count(entrant.caller, -1)
        resolve(outcome)
      }
      const waiter: Waiter = {
        arrivedAt: now(),
        admit: () => settle(letIn(entrant)),
        refuse: () => settle('late'),
      }
      const quit = (why: Refusal): void => {
        line.leave(waiter)
        settle(why)
      }
      const onGone = (): void => quit('gone')
      line.join(waiter)
      cancel = clock.after(maxWaitMs, () => quit('late'))
      signal?.addEventListener('abort', onGone, { once: true })
      if (signal?.aborted === true) onGone()
    })
  }

  return {
    enter(entrant, signal) {
      const { caller, criticality } = entrant
      const mine = ofCaller.get(caller) ?? 0
      const callers = ofCaller.size + (mine === 0 ? 1 : 0)
      const limit = limitFor(criticality)
      const admission = decideAdmission({
        criticality,
        underWay,
        limit,
        places: longestQueue(state.limit) + Math.ceil(state.limit - limit),
        ofCaller: mine,
        callers,
        waiting: line.length,
      })
      if (admission !== 'admit') window.saturated()
      if (admission === 'full' && isCritical(criticality)) haveCriticalBeenRefused = true
      if (admission !== 'admit' && admission !== 'wait') return admission
      count(caller, 1)
      return admission === 'admit' ? letIn(entrant) : wait(entrant, signal())
    },
    get limit() {
      return state.limit
    },
    get underWay() {
      return underWay
    },
    get pressure() {
      return Math.min(1, underWay / (2 * state.limit) + line.length / (2 * longestQueue(state.limit)))
    },
  }
}
