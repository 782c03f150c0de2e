import {
  availableAt,
  decideAdd,
  decideRenew,
  decideRetry,
  decideSettle,
  decideTake,
  findTakeable,
  isFirstOfLane,
  isOpen,
} from './decide.ts'
import type { Entry } from './entry.ts'
import type { Added, OutboxStore } from './store.ts'

/** What an operation makes of all entries. */
export interface Change<T> {
  readonly put?: Entry | undefined
  readonly remove?: readonly Entry[]
  readonly result: T
}

/** Something that holds entries, and changes them one operation after the other. */
export interface Holder {
  readonly name: string
  readonly durable: boolean
  transact<T>(work: (all: readonly Entry[], now: number, nextSeq: number) => Change<T>): Promise<T>
}

/** Makes a store of anything that can hold entries: every operation is the decision itself. */
export function fromEntries({ name, durable, transact }: Holder): OutboxStore {
  const changing = (id: string, decide: (entry: Entry | undefined, now: number) => Entry | undefined): Promise<Entry | undefined> =>
    transact((all, now) => {
      const put = decide(
        all.find((entry) => entry.id === id),
        now,
      )
      return { put, result: put }
    })
  return {
    name,
    durable,
    add: (entry, maxOpen) =>
      transact<Added>((all, now, nextSeq) => {
        const known = all.find(({ id }) => id === entry.id)
        if (known !== undefined) return { result: { entry: known, isNew: false } }
        if (all.filter(isOpen).length >= maxOpen) return { result: 'full' }
        const put = decideAdd(entry, nextSeq, now)
        return { put, result: { entry: put, isNew: true } }
      }),
    take: (take) =>
      transact((all, now) => {
        const found = findTakeable(all, take, now)
        const put = found && decideTake(found, take, now)
        return { put, result: put }
      }),
    renew: async (id, owner, leaseMs) => (await changing(id, (entry, now) => decideRenew(entry, owner, leaseMs, now))) !== undefined,
    settle: (id, owner, settlement) => changing(id, (entry, now) => decideSettle(entry, owner, settlement, now)),
    retry: (id, freshKey) => changing(id, (entry, now) => decideRetry(entry, freshKey, now)),
    forget: (id) =>
      transact((all) => {
        const remove = all.filter((entry) => entry.id === id && !isOpen(entry))
        return { remove, result: remove.length > 0 }
      }),
    find: (id) => transact((all) => ({ result: all.find((entry) => entry.id === id) })),
    list: ({ state, limit }) =>
      transact((all) => ({
        result: all
          .filter((entry) => state === undefined || entry.state === state)
          .toSorted((left, right) => left.seq - right.seq)
          .slice(0, limit),
      })),
    nextDueMs: () =>
      transact((all, now) => {
        const times = all.filter((entry) => isOpen(entry) && isFirstOfLane(entry, all)).map((entry) => availableAt(entry) - now)
        return { result: times.length === 0 ? undefined : Math.min(...times) }
      }),
    prune: (doneForMs) =>
      transact((all, now) => {
        const remove = all.filter(({ state, settledAt = now }) => state === 'done' && settledAt + doneForMs <= now)
        return { remove, result: remove.length }
      }),
  }
}
