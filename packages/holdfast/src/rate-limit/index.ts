export { fitsBeside, largestCost, remaining, settle, stateAt, take, ttlMs, waitMs } from './decide.ts'
export type { TakeDecision } from './decide.ts'
export { compileLimit } from './limit.ts'
export type { CompiledLimit, LimitNumbers } from './limit.ts'
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
