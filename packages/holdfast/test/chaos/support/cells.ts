import { describe } from 'vitest'
import { postgresUrl, redisUrl } from '../../../../../test/servers/index.ts'
import type { Guarantee } from '../../../src/idempotency/index.ts'

/** A store by name, and the guarantees it is tested with. */
export interface StoreCell {
  readonly name: 'sqlite' | 'postgres' | 'redis'
  readonly url: string
  readonly guarantees: readonly Guarantee[]
}

const all: readonly Guarantee[] = ['exactly-once', 'resumable', 'at-most-once', 'at-least-once']

/** Every store, with what it promises. One whose server is not on this machine has no URL. */
export const cells: readonly StoreCell[] = [
  { name: 'sqlite', url: 'sqlite:', guarantees: all },
  { name: 'postgres', url: postgresUrl() ?? '', guarantees: all },
  { name: 'redis', url: redisUrl() ?? '', guarantees: ['at-most-once', 'at-least-once'] },
]

/**
 * Describes each store; one whose server is missing is skipped under a telling name. Stores run beside one another, because these tests
 * mostly wait; the tests of a store run one by one.
 */
export function describeStores(
  title: string,
  suite: (cell: StoreCell) => void,
  names: readonly string[] = cells.map(({ name }) => name),
): void {
  for (const cell of cells.filter(({ name }) => names.includes(name))) {
    const isMissing = cell.url === ''
    describe.skipIf(isMissing)(title, { concurrent: true }, () => {
      describe(`with ${cell.name}${isMissing ? ' (SKIPPED: not on this machine)' : ''}`, { concurrent: false }, () => suite(cell))
    })
  }
}
