import { convert, defineChange, defineVersions, enumMap, rename, resource, wrap } from '../../../src/versioning/index.ts'
import type { Change, Operation, Schema, Versions } from '../../../src/versioning/index.ts'

/** How many shapes an API has beside the one in the list. */
const others = 24

/**
 * A long history: four changes a version, most about other shapes, as in a real API; five of them about the items of the list. None of
 * these runs a function of its own for each item: what such a one costs is its author's.
 */
export function longChain(length: number): { readonly versions: Versions; readonly list: string } {
  const ids = Array.from({ length }, (_, index) => new Date(Date.UTC(2015, index, 1)).toISOString().slice(0, 10))
  const ofItems: Operation[] = [
    rename('/label', '/title'),
    wrap('/owner', '/owners', 0),
    wrap('/from', '/source', 'id'),
    convert('/status', enumMap({ done: 'posted', undone: 'reversed' })),
    rename('/made', '/created_at'),
  ]
  const every = Math.floor((length - 1) / ofItems.length)
  const changes: Change[] = []
  for (let version = 1; version < length; version++) {
    for (let place = 0; place < 4; place++) {
      const number = version * 4 + place
      const operation = place === 0 && version % every === 0 ? ofItems.shift() : undefined
      const [target, operations] = operation
        ? ['item', [operation]]
        : [`other-${number % others}`, [rename(`/m${number}`, `/m${number + others}`)]]
      // Names of the other shapes go on from change to change, so that each has something to rename.
      changes.push(
        defineChange({
          id: `change-${number}`,
          in: ids[version] as string,
          summary: 'x',
          on: resource(target as string),
          operations: operations as Operation[],
        }),
      )
    }
  }
  const newest = renumber(changes)
  const versions = defineVersions({
    versions: ids.map((id) => ({ id })),
    changes: newest,
    routes: {
      'GET /items': {
        responses: {
          200: { type: 'object', properties: { data: { type: 'array', items: { $ref: '#/$defs/item' } } }, $defs: shapes(newest) },
        },
      },
      'GET /plain': { responses: { 200: { type: 'object' } } },
    },
  })
  return { versions, list: JSON.stringify({ data: Array.from({ length: 100 }, (_, index) => item(index)) }) }
}

/** Each shape's renames in a row: `/n0` to `/n1`, then `/n1` to `/n2`. */
function renumber(changes: readonly Change[]): readonly Change[] {
  const count = new Map<string, number>()
  return changes.map((change) => {
    const [name = ''] = change.on.kind === 'resource' ? change.on.names : []
    if (name === 'item') return change
    const at = count.get(name) ?? 0
    count.set(name, at + 1)
    return { ...change, operations: [rename(`/n${at}`, `/n${at + 1}`)] }
  })
}

function shapes(changes: readonly Change[]): Readonly<Record<string, Schema>> {
  const found: Record<string, Schema> = { item: itemSchema }
  for (const { on } of changes) {
    if (on.kind !== 'resource' || on.names[0] === 'item') continue
    const name = on.names[0] as string
    const last = changes.filter((change) => change.on.kind === 'resource' && change.on.names[0] === name).length
    found[name] = { type: 'object', properties: { [`n${last}`]: { type: 'string' } } }
  }
  return found
}

const string: Schema = { type: 'string' }
const itemSchema: Schema = {
  type: 'object',
  properties: {
    id: string,
    title: string,
    owners: { type: 'array', items: string },
    source: { type: 'object', properties: { id: string } },
    status: { type: 'string', enum: ['posted', 'reversed'] },
    created_at: string,
    amount: { type: 'object', properties: { value: string, currency: string } },
    note: string,
  },
}

/** About 200 bytes. */
function item(index: number): object {
  return {
    id: `item_${String(index).padStart(26, '0')}`,
    title: `Item number ${index}`,
    owners: ['Ann', 'Ben'],
    source: { id: `wal_${index}` },
    status: 'posted',
    created_at: '2026-11-24T10:00:00.123456Z',
    amount: { value: String(1_050 + index), currency: 'EUR' },
    note: 'paid by hand',
  }
}
