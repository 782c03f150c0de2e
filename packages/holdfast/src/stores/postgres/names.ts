import { configurationError } from '../../core/errors.ts'
import { identifier, text } from './literal.ts'

/** The database objects of one store, ready to be put into SQL. Qualified, because a handler may change its `search_path`. */
export interface Names {
  readonly schema: string
  /** The schema's and the table's bare names, for the catalogue. */
  readonly bare: { readonly schema: string; readonly table: string }
  readonly records: string
  readonly versions: string
  readonly pins: string
  readonly usage: string
  readonly retirements: string
  readonly claim: string
  readonly complete: string
  readonly begin: string
  readonly beginFirst: string
  readonly finish: string
  readonly finishNew: string
  readonly finishFirst: string
  readonly step: string
  readonly isFull: string
  readonly limits: string
  readonly limitTokens: string
  readonly limitPeriod: string
  readonly limitUsed: string
  readonly limitAt: string
  readonly limitFits: string
  readonly limitDebited: string
  readonly limitSettled: string
  readonly limitTtl: string
  readonly limitTake: string
  readonly limitSettle: string
  /** An expression: the 64-bit advisory lock of a purpose and an id, which must be SQL. */
  lock(purpose: 'key' | 'scope' | 'migrate' | 'collect', id: string): string
}

// Postgres cuts names at 63 bytes; the longest suffix has 17.
const longestTable = 40

/** Checks a schema or table name. */
export function assertName(option: string, name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.length > longestTable)
    throw configurationError(
      `expected ${option} to be a name of letters, digits and _, at most ${longestTable} long, got ${JSON.stringify(name)}`,
    )
}

/** Names the objects of a store. Functions carry the version of their text, so that deploys of different ages run side by side. */
export function namesOf(schema: string, table: string): Names {
  const qualified = (suffix: string): string => `${identifier(schema)}.${identifier(table + suffix)}`
  return {
    schema: identifier(schema),
    bare: { schema, table },
    records: qualified(''),
    versions: qualified('_versions'),
    pins: qualified('_pins'),
    usage: qualified('_usage'),
    retirements: qualified('_retirements'),
    claim: qualified('_claim_v1'),
    complete: qualified('_complete_v1'),
    begin: qualified('_begin_v2'),
    beginFirst: qualified('_begin_v1'),
    finish: qualified('_finish_v3'),
    finishNew: qualified('_finish_new_v1'),
    finishFirst: qualified('_finish_v1'),
    step: qualified('_step_v1'),
    isFull: qualified('_is_full_v1'),
    limits: qualified('_limits'),
    limitTokens: qualified('_limit_tokens'),
    limitPeriod: qualified('_limit_period_v1'),
    limitUsed: qualified('_limit_used_v1'),
    limitAt: qualified('_limit_at_v1'),
    limitFits: qualified('_limit_fits_v1'),
    limitDebited: qualified('_limit_debit_v1'),
    limitSettled: qualified('_limit_put_v1'),
    limitTtl: qualified('_limit_ttl_v1'),
    limitTake: qualified('_limit_take_v1'),
    limitSettle: qualified('_limit_settle_v1'),
    lock: (purpose, id) => `hashtextextended(${text(`holdfast/${schema}.${table}/${purpose}/`)} || ${id}, 0)`,
  }
}
