export { fitsBeside, largestCost, remaining, settle, stateAt, take, ttlMs, waitMs } from './decide.ts'
export type { TakeDecision } from './decide.ts'
export { parseAddress } from './address.ts'
export type { Address } from './address.ts'
export type { AddressOptions } from './caller-address.ts'
export type { Dialect } from './dialects.ts'
export { guardedLimits } from './guard.ts'
export type { GuardOptions, OnStoreFailure } from './guard.ts'
export { leasedLimits } from './leased.ts'
export type { LeaseOptions } from './leased.ts'
export type { LocalLimitStore } from './alone.ts'
export { compileLimit } from './limit.ts'
export type { CompiledLimit, LimitNumbers } from './limit.ts'
export type {
  Dimension,
  LimitDeclaration,
  LimitSubject,
  PlanNumbers,
  PlanResolver,
  RateLimitOptions,
  RateLimitSettings,
} from './options.ts'
export type { CalendarPeriod } from './periods.ts'
export type {
  BucketMeter,
  CalendarMeter,
  ItemStanding,
  LimitStore,
  Meter,
  MeterState,
  SettleItem,
  SettleResult,
  Settlement,
  TakeItem,
  TakeResult,
  WindowMeter,
} from './store.ts'
export { createLimiter } from './limiter.ts'
export type { Limiter } from './limiter.ts'
export { limitPolicy, rateLimit } from './policy.ts'
export type { Rule } from './rule.ts'
export { limitsOf } from './usage.ts'
export type { LimitUse } from './usage.ts'
