import type { Clock, Problem } from '../core/index.ts'
import type { List } from './list.ts'

/** What a paginated route is made of. */
export interface PaginationOptions {
  readonly list: List
  /**
   * Secrets that cursors are sealed under, at least 16 characters each, the same in every process. The first seals; keep a retired one
   * for as long as the list's `ttl`, and walks under way go on.
   */
  readonly secrets: readonly (string | Uint8Array)[]
  /** Separates APIs that share a secret. @default 'api' */
  readonly namespace?: string
  /** @default the machine's clock */
  readonly clock?: Clock
  /** @default problems under the default base */
  readonly problem?: Problem
}
