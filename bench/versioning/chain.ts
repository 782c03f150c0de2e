import { convert, defineChange, defineVersions, enumMap, merge, rename, resource, wrap } from 'holdfast/versioning'
import type { Change, Operation, Schema, Versions } from 'holdfast/versioning'

/** How many shapes the API has beside the items of the list. */
const otherShapes = 24
const perVersion = 4

/** A history, and a list in its newest shape. */
export interface History {
  readonly versions: Versions
  readonly oldest: string
  /** 100 items, about 25 kB. */
  readonly list: string
  /** The same changes by hand, in the order in which they are taken away: for the walk that knows no schemas. */
  readonly walk: readonly ((object: Record<string, unknown>) => void)[]
}

interface Planned {
  readonly shape: string
  readonly operation: Operation
  readonly byHand: (object: Record<string, unknown>) => void
}

/**
 * Makes a history of four changes a version. `share` says how many of them are about the items of the list: in a real API few are, the others
 * are about other shapes. `withFunction` adds a change that runs a function for every item: it makes an amount out of an object.
 */
export function createHistory(length: number, share: 'few' | 'all', withFunction = false): History {
  const ids = Array.from({ length }, (_, index) => new Date(Date.UTC(2015, index, 1)).toISOString().slice(0, 10))
  const total = (length - 1) * perVersion
  const planned = share === 'all' ? ofItemsAlone(total, withFunction) : ofMany(total, withFunction)
  const changes: Change[] = planned.map(({ shape, operation }, index) =>
    defineChange({
      id: `change-${index}`,
      in: ids[1 + Math.floor(index / perVersion)] as string,
      summary: `Change ${index}.`,
      on: resource(shape),
      operations: [operation],
    }),
  )
  const versions = defineVersions({
    versions: ids.map((id) => ({ id })),
    changes,
    routes: {
      'GET /items': { responses: { 200: { $ref: '#/$defs/items', $defs: shapesAfter(planned) } } },
      'GET /plain': { responses: { 200: { type: 'object' } } },
    },
  })
  return {
    versions,
    oldest: ids[0] as string,
    list: JSON.stringify({ data: Array.from({ length: 100 }, (_, index) => item(index, planned)) }),
    walk: planned.map(({ byHand }) => byHand).toReversed(),
  }
}

/** Five or six real changes of items, spread over the history; everything else renames members of other shapes. */
function ofMany(total: number, withFunction: boolean): Planned[] {
  const items = itemChanges(withFunction)
  const every = Math.max(1, Math.floor(total / items.length))
  const counts = new Map<string, number>()
  return Array.from({ length: total }, (_, index) => {
    const next = index % every === 0 ? items.shift() : undefined
    if (next !== undefined) return next
    const shape = `other-${index % otherShapes}`
    const count = counts.get(shape) ?? 0
    counts.set(shape, count + 1)
    return renaming(shape, `${shape}_${count}`, `${shape}_${count + 1}`)
  })
}

/** The worst case: every change is about the items. */
function ofItemsAlone(total: number, withFunction: boolean): Planned[] {
  const items = itemChanges(withFunction).slice(0, total)
  const renames = Array.from({ length: total - items.length }, (_, index) => renaming('item', `note_${index}`, `note_${index + 1}`))
  return [...items, ...renames]
}

function renaming(shape: string, from: string, to: string): Planned {
  return { shape, operation: rename(`/${from}`, `/${to}`), byHand: renameByHand(to, from) }
}

const renameByHand = (newer: string, older: string) => (object: Record<string, unknown>) => {
  if (!(newer in object)) return
  object[older] = object[newer]
  delete object[newer]
}

function itemChanges(withFunction: boolean): Planned[] {
  const item = (operation: Operation, byHand: Planned['byHand']): Planned => ({ shape: 'item', operation, byHand })
  const money = { before: [{ type: 'integer' }, { type: 'string' }] }
  const all = [
    item(rename('/label', '/title'), renameByHand('title', 'label')),
    item(wrap('/owner', '/owners', 0), (object) => {
      if (Array.isArray(object['owners'])) {
        object['owner'] = (object['owners'] as unknown[])[0]
        delete object['owners']
      }
    }),
    item(wrap('/from', '/source', 'id'), (object) => {
      if (typeof object['source'] === 'object') {
        object['from'] = (object['source'] as { id: unknown }).id
        delete object['source']
      }
    }),
    item(convert('/status', enumMap({ done: 'posted', undone: 'reversed' })), (object) => {
      if (object['status'] === 'posted') object['status'] = 'done'
    }),
    item(rename('/made', '/created_at'), renameByHand('created_at', 'made')),
    item(
      merge(['/cents', '/currency'], '/amount', {
        up: ([cents, currency]) => [{ value: String(cents), currency }],
        down: ([amount]) => [Number((amount as { value: string }).value), (amount as { currency: string }).currency],
        ...money,
      }),
      (object) => {
        const amount = object['amount'] as { value: string; currency: string } | undefined
        if (typeof amount !== 'object') return
        object['cents'] = Number(amount.value)
        object['currency'] = amount.currency
        delete object['amount']
      },
    ),
  ]
  return withFunction ? all : all.slice(0, -1)
}

const string: Schema = { type: 'string' }

function shapesAfter(planned: readonly Planned[]): Readonly<Record<string, Schema>> {
  const shapes: Record<string, Schema> = {
    items: { type: 'object', properties: { data: { type: 'array', items: { $ref: '#/$defs/item' } } } },
    item: {
      type: 'object',
      properties: {
        id: string,
        title: string,
        owners: { type: 'array', items: string },
        source: { type: 'object', properties: { id: string } },
        status: { type: 'string', enum: ['posted', 'reversed'] },
        created_at: string,
        amount: { type: 'object', properties: { value: string, currency: string } },
        [noteOf(planned)]: string,
      },
    },
  }
  for (let index = 0; index < otherShapes; index++) {
    const shape = `other-${index}`
    const count = planned.filter((change) => change.shape === shape).length
    shapes[shape] = { type: 'object', properties: { [`${shape}_${count}`]: string } }
  }
  return shapes
}

/** What the note of an item is called in the newest version. */
function noteOf(planned: readonly Planned[]): string {
  const renames = planned.filter(({ operation }) => operation.describe.startsWith('/note_')).length
  return `note_${Math.max(0, renames)}`
}

function item(index: number, planned: readonly Planned[]): object {
  return {
    id: `item_${String(index).padStart(26, '0')}`,
    title: `Item number ${index}`,
    owners: ['Ann', 'Ben'],
    source: { id: `wal_${index}` },
    status: 'posted',
    created_at: '2026-11-24T10:00:00.123456Z',
    amount: { value: String(1_050 + index), currency: 'EUR' },
    [noteOf(planned)]: 'paid by hand',
  }
}
