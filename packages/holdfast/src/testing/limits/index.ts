export { limitConformance } from './suite.ts'
export type { LimitConformanceOptions } from './subject.ts'
