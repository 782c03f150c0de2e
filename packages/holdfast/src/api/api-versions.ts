import { configurationError, jsonReply } from '../core/index.ts'
import type { Clock, Problem, Reply } from '../core/index.ts'
import { decideRetirement, reportUsage } from '../versioning/index.ts'
import type {
  AccountUsage,
  Pin,
  RetireQuestion,
  RetireVerdict,
  UsageFilter,
  Versioning,
  Versions,
  VersionStore,
} from '../versioning/index.ts'

/** A version as callers are told of it. */
export interface VersionSummary {
  readonly version: string
  readonly state: 'preview' | 'current' | 'deprecated' | 'retired'
  readonly deprecated_at?: string
  readonly sunset_at?: string
}

/** What the owner of an API asks of its versions, and lets callers ask. */
export interface ApiVersions {
  /** Every version, the newest first, as it stands now. */
  list(): Promise<readonly VersionSummary[]>
  /** The pin of an account; `undefined` before its first call that names no version. */
  pin(account: string): Promise<Pin | undefined>
  /** Sets the pin of an account: 200 with the pin, or the refusal. An upgrade can be taken back for `rollbackWindowMs`. */
  setPin(account: string, version: string): Promise<Reply>
  /** Who called which version, and which changes really altered their calls. */
  usage(filter?: UsageFilter): Promise<readonly AccountUsage[]>
  /** Retires a version from a time on, unless someone called it lately. Every process knows within five seconds. */
  retire(question: Omit<RetireQuestion, 'rows' | 'now'>): Promise<RetireVerdict>
  /** Takes a retirement back. */
  keep(version: string): Promise<void>
}

/** Makes the questions that can be asked of an API's versions. */
export function apiVersions(
  versions: Versions,
  versioning: Versioning,
  store: VersionStore | undefined,
  problem: Problem,
  clock: Clock,
): ApiVersions {
  const { standings, pins, usage } = versioning

  function kept(): VersionStore {
    if (store === undefined) throw configurationError('store: it keeps no versions; give one that does, such as sqlite(...)')
    return store
  }

  return {
    async list() {
      const now = await standings.now()
      return now
        .map(({ id, state }): VersionSummary => {
          const { deprecatedAt, sunsetAt } = standings.version(id) ?? {}
          return {
            version: id,
            state,
            ...(deprecatedAt !== undefined && { deprecated_at: new Date(deprecatedAt).toISOString() }),
            ...(sunsetAt !== undefined && { sunset_at: new Date(sunsetAt).toISOString() }),
          }
        })
        .toReversed()
    },
    async pin(account) {
      return kept() && pins?.read(account)
    },
    async setPin(account, version) {
      kept()
      if (pins === undefined) throw configurationError('versions: pins are switched off')
      const list = await standings.now()
      const { verdict, pin } = await pins.change(account, version, list, versions.rollbackWindowMs)
      const supported = list.filter(({ state }) => state !== 'retired').map(({ id }) => id)
      switch (verdict.kind) {
        case 'unknown':
          return problem('api-version-unknown', {
            detail: `there is no API version ${JSON.stringify(version.slice(0, 40))}`,
            members: { supported },
          })
        case 'retired':
          return problem('api-version-retired', { detail: `the API version ${version} was retired`, members: { supported } })
        case 'downgrade':
          return problem('api-version-pinned', { detail: `the account is pinned to ${pin?.version}; only an upgrade can be taken back` })
        case 'rollback-over':
          return problem('api-version-pinned', {
            detail: `the upgrade to ${pin?.version} could be taken back for ${versions.rollbackWindowMs / 3_600_000} hours, which are over`,
          })
        default:
          return jsonReply(200, toPinBody(pin, versions.rollbackWindowMs))
      }
    },
    async usage(filter = {}) {
      await usage?.flush()
      return reportUsage(versions, await kept().readUsage(filter))
    },
    async retire(question) {
      await usage?.flush()
      const rows = await kept().readUsage({ version: question.version })
      const retirements = await kept().readRetirements()
      const verdict = decideRetirement(versions, { ...question, rows, retirements, now: clock.now() })
      if (verdict.kind === 'retire') await kept().writeRetirement(question.version, verdict.retirement)
      return verdict
    },
    keep: (version) => kept().writeRetirement(version, undefined),
  }
}

/** A pin as its account is told of it. */
export function toPinBody(pin: Pin | undefined, rollbackWindowMs: number): object {
  const leftMs = pin?.from === undefined ? 0 : rollbackWindowMs - pin.ageMs
  return {
    version: pin?.version ?? null,
    ...(pin?.from !== undefined && leftMs > 0 && { rollback: { version: pin.from, seconds_left: Math.floor(leftMs / 1000) } }),
  }
}
