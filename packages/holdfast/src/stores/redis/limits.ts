import type { ItemStanding, LimitStore, SettleItem, SettleResult, Settlement, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import { toName } from '../limit-name.ts'
import type { Encoding } from './codec.ts'
import type { RedisCommand } from './command.ts'
import { groupByOwner, settleArguments, takeArguments, toSettleReply, toTakeReply } from './limit-codec.ts'
import type { OwnerItems } from './limit-codec.ts'
import { settleScript, takeScripts } from './limit-scripts.ts'
import { createScriptSender, isCrossSlot } from './script-runner.ts'
import { createSpreadTake } from './spread-take.ts'
import type { OwnerTake } from './spread-take.ts'

/** What the limit store is made from. */
export interface RedisLimitsInit {
  readonly command: RedisCommand
  readonly prefix: string
  readonly encoding: Encoding
  /** Replaces the server's clock in tests. */
  readonly virtualNow?: () => number
}

/**
 * Keeps counters in Redis: one hash for each owner with a field for each counter, by the server's clock.
 *
 * A server on its own decides all items of a take at once. The owners of a cluster lie on several nodes, which is found out from the
 * first error that says so: then each owner is asked on its own, at the same time.
 */
export function redisLimits({ command, prefix, encoding, virtualNow }: RedisLimitsInit): LimitStore {
  const send = createScriptSender(command)
  const now = (): string => (virtualNow === undefined ? 'false' : String(virtualNow()))
  const keyOf = (owner: string): string => `${prefix}meters:{${owner}}`
  let isSpread = false

  function takeTogether(groups: readonly OwnerItems<TakeItem>[]): Promise<TakeResult> {
    return send(takeScripts[encoding], takeArguments(groups, keyOf, now()), (reply) => toTakeReply(reply, groups, encoding))
  }

  const takeSpread = createSpreadTake({
    take: (group) => takeTogether([group]),
    giveBack: (group, takenAt) => send(settleScript, settleArguments([group], keyOf, takenAt, now()), () => {}),
  })

  function take(items: readonly TakeItem[]): TakeResult | Promise<TakeResult> {
    const groups = groupByOwner(items)
    if (groups.length === 0) return { admitted: true, now: virtualNow?.() ?? Date.now(), items: [] }
    return groups.length === 1 ? takeTogether(groups) : takeOfSeveral(groups)
  }

  async function takeOfSeveral(groups: readonly OwnerItems<TakeItem>[]): Promise<TakeResult> {
    if (!isSpread) {
      try {
        return inOrder(groups, await takeTogether(groups))
      } catch (error) {
        if (!isCrossSlot(error)) throw error
        isSpread = true
      }
    }
    return combine(groups, await takeSpread(groups))
  }

  function settleTogether(groups: readonly OwnerItems<SettleItem>[], { takenAt }: Settlement, tokenKey: string): Promise<SettleResult> {
    return send(settleScript, settleArguments(groups, keyOf, takenAt, now(), tokenKey), toSettleReply)
  }

  async function settle(settlement: Settlement): Promise<SettleResult> {
    const groups = groupByOwner(settlement.items)
    const token = toName(settlement.token)
    if (!isSpread || groups.length === 0) {
      try {
        return await settleTogether(groups, settlement, `${prefix}limit-token:${token}`)
      } catch (error) {
        if (!isCrossSlot(error)) throw error
        isSpread = true
      }
    }
    // Each owner's node remembers the token: what is sent again after a lost reply finds those that have it already.
    const results = await Promise.all(groups.map((group) => settleTogether([group], settlement, `${keyOf(group.owner)}:${token}`)))
    return { applied: results.some(({ applied }) => applied), now: Math.min(...results.map((result) => result.now)) }
  }

  return { name: 'redis', take, settle }
}

/** Puts the items of a reply, which come by owner, in the order they were asked for. */
function inOrder(groups: readonly OwnerItems<TakeItem>[], { admitted, now, items }: TakeResult): TakeResult {
  const places = groups.flatMap((group) => group.places)
  const ordered: ItemStanding[] = [...items]
  places.forEach((place, index) => (ordered[place] = items[index] as ItemStanding))
  return { admitted, now, items: ordered }
}

/** Nodes have clocks of their own: the earliest is the one by which nothing is given back that is not there any more. */
function combine(
  groups: readonly OwnerItems<TakeItem>[],
  { admitted, owners }: { admitted: boolean; owners: readonly OwnerTake[] },
): TakeResult {
  const now = Math.min(...owners.map((owner) => owner.now))
  return inOrder(groups, { admitted, now, items: owners.flatMap(({ items }) => items) })
}
