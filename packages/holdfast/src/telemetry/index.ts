export { openTelemetry } from './open-telemetry.ts'
export type { ActiveSpan, Counter, Histogram, Meter, OpenTelemetryOptions, SpanLike } from './open-telemetry.ts'
