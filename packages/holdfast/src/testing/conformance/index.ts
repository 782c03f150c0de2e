export { idempotencyConformance } from './suite.ts'
export type { ConformanceCheck, ConformanceOptions, Effects } from './subject.ts'
