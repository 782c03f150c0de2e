export { parseAttempt, parseTimeout } from './decide.ts'
export { deadline, shedExpired } from './policy.ts'
export type { DeadlineOptions } from './policy.ts'
