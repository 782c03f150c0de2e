/** The version an account calls by when it names none. */
export interface Pin {
  readonly version: string
  /** What the pin was before its last upgrade; where a rollback leads. */
  readonly from: string | undefined
  /** How long ago it was set, milliseconds by the store's clock. */
  readonly ageMs: number
}

/** Where the version of a call came from. */
export type VersionSource = 'explicit' | 'pin' | 'default'

/** Calls of one account, version, source and route within one hour. */
export interface UsageRow {
  readonly account: string
  readonly version: string
  readonly source: VersionSource
  readonly route: string
  /** When the hour began, milliseconds since the epoch. */
  readonly hour: number
  readonly calls: number
  /** The last of them, milliseconds since the epoch. */
  readonly lastAt: number
  /** How many of them each change really altered, by its id. */
  readonly fired: Readonly<Record<string, number>>
}

/** Which usage is asked for. */
export interface UsageFilter {
  readonly account?: string
  readonly version?: string
  /** Hours that end after this, milliseconds since the epoch. */
  readonly since?: number
}

/** What was decided about the end of a version, over what is declared. Times are milliseconds since the epoch. */
export interface Retirement {
  readonly version: string
  readonly deprecatedAt: number
  /** From here on calls are refused with `api-version-retired`. */
  readonly retireAt: number
  readonly brownouts: readonly { readonly from: number; readonly until: number }[]
  /** Accounts that brownouts spare. */
  readonly exempt: readonly string[]
}

/**
 * The port of the stores: pins, usage and retirements. Every operation is atomic, and may be sent again after a lost reply. Rejects with
 * `store-unavailable` when the store does not answer.
 */
export interface VersionStore {
  readonly name: string
  findPin(account: string): Promise<Pin | undefined>
  /** Sets the first pin of an account, unless there is one: the pin that stands comes back, whoever set it. */
  insertPin(account: string, version: string): Promise<Pin>
  /** Sets another pin while the one that stands is still `expected.version`. `false`: it is another one now. */
  replacePin(account: string, expected: string, next: { readonly version: string; readonly from: string | undefined }): Promise<boolean>
  /** Adds to what is counted. */
  addUsage(rows: readonly UsageRow[]): Promise<void>
  readUsage(filter: UsageFilter): Promise<readonly UsageRow[]>
  readRetirements(): Promise<readonly Retirement[]>
  /** Sets, or takes back with `undefined`. */
  writeRetirement(version: string, retirement: Retirement | undefined): Promise<void>
}
