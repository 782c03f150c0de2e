import type { Clock } from '../core/index.ts'
import { largestCost } from './decide.ts'
import type { Applied } from './notice.ts'
import type { Rule } from './rule.ts'
import type { Subject } from './subject.ts'

/** A call that no wait would let pass. */
export interface TooCostly {
  readonly never: Applied
}

/** Chooses the limits that apply to a call. The store is not asked about a cost that can never pass. */
export function select(rules: readonly Rule[], subject: Subject, clock: Clock, sharesPools: boolean): Applied[] | TooCostly {
  // Of one item, since most calls meet one limit: an empty list that grows takes room for sixteen.
  let chosen: Applied[] | undefined
  for (const rule of rules) {
    if (rule.needsAccount && subject.account === undefined) continue
    if (!rule.applies(subject)) continue
    const limit = rule.limitFor?.(subject.plan)
    if (limit === undefined) continue
    const meter = limit.meterAt(limit.kind === 'calendar' ? clock.now() : 0)
    const cost = rule.costOf(subject, meter)
    const item: Applied = {
      owner: rule.owner(subject),
      counter: rule.counter(subject),
      meter,
      cost,
      shadow: rule.shadow,
      overflow: rule.overflow(subject),
      rule,
      limit,
    }
    if (cost > largestCost(meter) && !rule.shadow) return { never: item }
    if (chosen === undefined) chosen = [item]
    else chosen.push(item)
  }
  if (chosen === undefined) return []
  return sharesPools ? withoutTwins(chosen) : chosen
}

/** Of two limits of one pool that both apply, the one that asks for more counts. */
function withoutTwins(items: readonly Applied[]): Applied[] {
  const byCounter = new Map<string, Applied>()
  for (const item of items) {
    const name = `${item.owner}\0${item.counter}`
    const twin = byCounter.get(name)
    if (twin === undefined || twin.cost < item.cost) byCounter.set(name, item)
  }
  return [...byCounter.values()]
}
