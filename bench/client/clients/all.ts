import type { Client } from './client.ts'
import { generated } from './generated.ts'
import { ours } from './holdfast.ts'
import { stacks } from './stacks.ts'
import { wrappers } from './wrappers.ts'

/** Every client that is compared, ours first. */
export const clients: readonly Client[] = [...ours, ...wrappers, ...stacks, ...generated]
