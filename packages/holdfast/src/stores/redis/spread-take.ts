import { fits, settle } from '../../rate-limit/decide.ts'
import type { ItemStanding, SettleItem, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import type { OwnerItems } from './limit-codec.ts'

/** How the items of one owner stand. */
export interface OwnerTake {
  readonly now: number
  readonly items: readonly ItemStanding[]
}

/** A take whose owners lie on several nodes. */
export interface SpreadTake {
  readonly admitted: boolean
  /** In the order of the groups. */
  readonly owners: readonly OwnerTake[]
}

/** What can be done to one owner at once. */
export interface OwnerOperations {
  take(group: OwnerItems<TakeItem>): Promise<TakeResult>
  /** Takes back what a refused take holds. */
  giveBack(group: OwnerItems<SettleItem>, takenAt: number): Promise<void>
}

type Group = OwnerItems<TakeItem>

// Long enough to spare the others a caller who hammers, short enough that one owner's refusal is soon forgotten.
const suspectMs = 1_000
const maxSuspects = 10_000

/**
 * Decides a take owner by owner, all at the same time. When one refuses, what the others hold is given back before the caller hears of it;
 * in between they hold too much, never too little. A hold that is not given back, because a node went away, stays charged.
 *
 * An owner that has just refused is asked first, while the others are only looked at: a caller who goes on regardless costs them nothing.
 */
export function createSpreadTake({ take, giveBack }: OwnerOperations): (groups: readonly Group[]) => Promise<SpreadTake> {
  const suspects = new Map<string, number>()

  function suspect(owner: string): void {
    suspects.delete(owner)
    suspects.set(owner, performance.now() + suspectMs)
    if (suspects.size > maxSuspects) suspects.delete(suspects.keys().next().value as string)
  }

  const isSuspect = ({ owner }: Group): boolean => (suspects.get(owner) ?? 0) > performance.now()

  async function look(group: Group): Promise<TakeResult> {
    const { now, items } = await take({ ...group, items: group.items.map((item) => ({ ...item, cost: 0 })) })
    const standings = items.map(({ state }, index): ItemStanding => {
      const { meter, cost } = group.items[index] as TakeItem
      return { fits: fits(meter, state, cost), state }
    })
    return { admitted: standings.every((standing, index) => standing.fits || group.items[index]?.shadow === true), now, items: standings }
  }

  /** What an owner holds for this take. */
  function held(group: Group, { items }: TakeResult): OwnerItems<SettleItem> {
    const indexes = group.items.flatMap(({ cost }, index) => (cost > 0 && items[index]?.fits === true ? [index] : []))
    return {
      owner: group.owner,
      items: indexes.map((index) => ({ ...(group.items[index] as TakeItem), delta: -(group.items[index] as TakeItem).cost })),
      places: [],
    }
  }

  async function release(group: Group, result: TakeResult): Promise<TakeResult> {
    const hold = held(group, result)
    if (hold.items.length > 0) await giveBack(hold, result.now).catch(() => undefined)
    return { ...result, items: result.items.map((standing, index) => withoutHold(group.items[index] as TakeItem, standing, result.now)) }
  }

  /** Runs what is asked of each owner at once. When one cannot be reached, what the others hold is given back. */
  async function each(
    groups: readonly Group[],
    ask: (group: Group) => Promise<TakeResult>,
    holds: (group: Group) => boolean,
  ): Promise<TakeResult[]> {
    const outcomes = await Promise.allSettled(groups.map(ask))
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure === undefined) return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<TakeResult>).value)
    await Promise.all(
      outcomes.map(async (outcome, index) => {
        const group = groups[index] as Group
        if (outcome.status === 'fulfilled' && outcome.value.admitted && holds(group)) await release(group, outcome.value)
      }),
    )
    throw failure.reason
  }

  /** Gives back what admitted owners hold; those that refused are asked first the next time. */
  async function refuse(groups: readonly Group[], results: readonly TakeResult[], holds: (group: Group) => boolean): Promise<SpreadTake> {
    const owners = await Promise.all(
      groups.map(async (group, index) => {
        const result = results[index] as TakeResult
        if (!result.admitted) suspect(group.owner)
        return result.admitted && holds(group) ? release(group, result) : result
      }),
    )
    return { admitted: false, owners }
  }

  return async function takeSpread(groups) {
    const asked = new Set(groups.filter(isSuspect))
    const isFirstRound = asked.size > 0 && asked.size < groups.length
    const holds = (group: Group): boolean => !isFirstRound || asked.has(group)
    const first = await each(groups, (group) => (holds(group) ? take(group) : look(group)), holds)
    if (first.some(({ admitted }) => !admitted)) return refuse(groups, first, holds)
    for (const { owner } of asked) suspects.delete(owner)
    if (!isFirstRound) return { admitted: true, owners: first }

    const rest = groups.filter((group) => !asked.has(group))
    const others = await each(rest, take, () => true).catch(async (error: unknown) => {
      await refuse(groups, first, holds)
      throw error
    })
    const later = new Map(rest.map((group, index) => [group, others[index]]))
    const results = groups.map((group, index) => later.get(group) ?? (first[index] as TakeResult))
    return results.every(({ admitted }) => admitted) ? { admitted: true, owners: results } : refuse(groups, results, () => true)
  }
}

function withoutHold(item: TakeItem, standing: ItemStanding, now: number): ItemStanding {
  if (item.cost === 0 || !standing.fits) return standing
  return { fits: true, state: settle({ ...item, delta: -item.cost }, standing.state, now, now) }
}
