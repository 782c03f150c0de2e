export * from './api/index.ts'
export * from './core/index.ts'
export { Retryable, idempotencyOf } from './idempotency/index.ts'
export type { Guarantee, IdempotencyContext, IdempotencyRules } from './idempotency/index.ts'
