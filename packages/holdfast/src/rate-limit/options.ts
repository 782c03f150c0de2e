import type { Problem, RequestHead } from '../core/index.ts'
import type { AddressOptions } from './caller-address.ts'
import type { Dialect } from './dialects.ts'
import type { GuardOptions } from './guard.ts'
import type { LimitNumbers } from './limit.ts'
import type { LimitStore } from './store.ts'

/** Something a limit counts apart. */
export type Dimension =
  /** The account of the call. Limits with it do not apply to calls without one. */
  | 'account'
  /** The plan of the account. */
  | 'plan'
  /** The credential: the Authorization field, hashed. */
  | 'key'
  /** The network the call comes from: a /64 of IPv6, one address of IPv4. */
  | 'ip'
  /** The route as declared. */
  | 'route'
  | 'method'
  /** Anything else a request tells. What is `undefined` is counted together. */
  | { readonly name: string; readonly of: (head: RequestHead) => string | undefined }

/** What is known of a call when limits are chosen. */
export interface LimitSubject {
  readonly account: string | undefined
  readonly plan: string | undefined
  /** As declared; `undefined` where the call matches no declared route. */
  readonly route: string | undefined
}

/** One limit of an API or a route. */
export interface LimitDeclaration extends Omit<LimitNumbers, 'kind'> {
  /**
   * As in {@link LimitNumbers}; and `concurrency`: at most `limit` calls under way at once in this process, until their answers are sent or
   * broken off.
   *
   * @default 'bucket'
   */
  readonly kind?: LimitNumbers['kind'] | 'concurrency'
  /**
   * What is counted apart; `[]` counts everybody together.
   *
   * @default ['account']
   */
  readonly partition?: Dimension | readonly Dimension[]
  /** Limits of one pool share their counter. They need the same numbers. @default the name */
  readonly pool?: string
  /** Numbers that hold for a plan instead. Used tokens stay used when an account changes its plan. */
  readonly plans?: Readonly<Record<string, PlanNumbers>>
  /** Tokens a call takes: a whole number, 0 for none. @default 1; of `content-bytes`, the content-length */
  readonly cost?: number | ((head: RequestHead, subject: LimitSubject) => number)
  /**
   * Which calls it applies to: a function, or `'rejected'` for those that another limit has refused. Refused calls cost nothing, so one
   * that hammers is only told so by such a limit, as `abnormal-usage`.
   *
   * @default all
   */
  readonly match?: ((head: RequestHead, subject: LimitSubject) => boolean) | 'rejected'
  /** Gives the tokens back unless this says that an answer counts. @default every answer counts */
  readonly countWhen?: (status: number) => boolean
  /** Never refuses, only counts what it would have: `would-throttle` on the channel `holdfast:policy`. @default false */
  readonly shadow?: boolean
  /** What is counted, as callers are told. @default 'requests' */
  readonly unit?: 'requests' | 'content-bytes' | (string & {})
}

/** What a plan changes of a limit. */
export type PlanNumbers = Partial<Pick<LimitNumbers, 'limit' | 'windowSeconds' | 'burst' | 'strict' | 'period' | 'zone' | 'maxDebt'>>

/** Says which plan an account has. */
export type PlanResolver = (account: string, head: RequestHead) => string | undefined | Promise<string | undefined>

/** What all limits of an API share. */
export interface RateLimitSettings extends GuardOptions {
  readonly store: LimitStore
  readonly plan?: PlanResolver
  readonly address?: AddressOptions
  /**
   * Which header fields tell callers where they stand. `draft-10` is what draft-ietf-httpapi-ratelimit-headers says; `legacy` are the
   * X-RateLimit fields.
   *
   * @default ['draft-10']
   */
  readonly fields?: readonly Dialect[]
  /** Names each counter in the fields without telling whose it is: a secret makes the names. @default no names */
  readonly partitionKeySecret?: string | Uint8Array
  /** Separates APIs that share a store. @default 'api' */
  readonly namespace?: string
  readonly problem?: Problem
}

/** Options of `rateLimit`. */
export interface RateLimitOptions extends RateLimitSettings {
  readonly limits: readonly LimitDeclaration[]
  /** Whose call it is, where no earlier policy has said so. */
  readonly account?: (head: RequestHead) => string | undefined
}
