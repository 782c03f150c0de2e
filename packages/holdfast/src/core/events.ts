/** One step of a call, as published for metrics and traces on the diagnostics channel `holdfast:policy`. Never carries a key, a body or a credential. */
export interface PolicyEvent {
  /** The pattern: `idempotency`, `rate-limit`. */
  readonly policy: string
  /** What it decided: `replayed`, `throttled`, `store-unavailable` ... */
  readonly verdict: string
  readonly route: string | undefined
  /** Which of several it was about: the name of a limit, or of the store that is away. */
  readonly subject?: string
  /** What a dependency failed with. For operators: a driver's message may name hosts and tables. */
  readonly error?: unknown
}

/** An error that no answer shows, as published on the diagnostics channel `holdfast:error`. */
export interface ErrorEvent {
  readonly error: unknown
}

/** One request, by the names of OpenTelemetry's semantic conventions. The query is left out, and no key or credential is ever in it. */
export interface AttemptEvent {
  readonly 'http.request.method': string
  readonly 'server.address': string
  readonly 'url.full': string
  /** Absent on the first attempt. */
  readonly 'http.request.resend_count'?: number
}

/** How a request, or a whole call, ended. */
export interface OutcomeEvent extends AttemptEvent {
  readonly durationMs: number
  readonly 'http.response.status_code'?: number
  /** The status of a failed answer, or the code or name of an error. */
  readonly 'error.type'?: string
}

/** A call with all its attempts. */
export interface CallEvent extends OutcomeEvent {
  readonly attempts: number
  readonly waitedMs: number
  readonly stop: string | undefined
  readonly replayed: boolean
}
