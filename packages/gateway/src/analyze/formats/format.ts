/** What one line of an access log says. Text that the log does not give is empty. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Minutes east of UTC, when the line states a zone. */
  readonly zone: number | undefined
  /** 0 when the log does not say. */
  readonly status: number
  readonly method: string
  /** Without query. */
  readonly path: string
  readonly address: string
  readonly user: string
  readonly agent: string
  /** The field that the caller named as the account. */
  readonly named: string
  /** A credential that the log carries, such as an API key. */
  readonly key: string
  /** The subject of a token. */
  readonly subject: string
  /** Tokens that the request takes; `undefined` where the log does not say. */
  readonly cost: number | undefined
}

/** Reads one line. `undefined`: the line is not of this format. `'skip'`: it is, and is no request (a header or comment). */
export type LineParser = (line: string) => LogLine | 'skip' | undefined

/** Which fields the caller named, by the names they have in the log. */
export interface FieldMap {
  readonly account?: string
  readonly cost?: string
  readonly ts?: string
  readonly status?: string
  readonly method?: string
  readonly path?: string
  readonly address?: string
  readonly agent?: string
}

/** A kind of access log. */
export interface LogFormat {
  readonly name: string
  /** A new parser for one file: parsers may remember header lines. */
  open(fields: FieldMap): LineParser
}

/** Logs write a dash where there is nothing. */
export function present(text: string | undefined): string {
  return text === undefined || text === '-' ? '' : text
}

/** A million million: more than that is damage, and sums of it could not be counted exactly. */
const highestCost = 1e12

/** The cost that a field states; `undefined` where it states none that could be one. */
export function costOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const cost = Number(text)
  return cost >= 0 && cost <= highestCost ? Math.ceil(cost) : undefined
}
