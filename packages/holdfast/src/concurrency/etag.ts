/** What a resource's version column holds: a whole number from 0 that grows with every change, or a text that is never used twice. */
export type State = number | string

/** An entity tag (RFC 9110 section 8.8.3): what stands between its quotes, and whether `W/` stood before them. */
export interface EntityTag {
  readonly opaque: string
  readonly isWeak: boolean
}

/** What a tag of Holdfast's says: which state, and which of its representations. */
export interface StateTag {
  readonly state: State
  readonly representation: string | undefined
}

/** What tells two representations of one state apart. */
export interface RepresentationParts {
  /** The API version it was made for. */
  readonly version?: string | undefined
  readonly mediaType?: string | null | undefined
  readonly language?: string | null | undefined
  /** The content coding: `gzip`. */
  readonly coding?: string | null | undefined
}

const longestState = 200
const wholeNumber = /^(?:0|[1-9]\d{0,15})$/

/**
 * A state as it is compared, whatever type its driver gave it: Postgres hands 64-bit integers out as text, SQLite as numbers.
 *
 * @throws TypeError for what can be no state: a fraction, a negative number, one beyond 2^53, an empty or very long text
 */
export function toState(value: number | bigint | string): State {
  if (typeof value === 'string' && !wholeNumber.test(value)) {
    if (value === '' || value.length > longestState || !value.isWellFormed())
      throw new TypeError(`a state is a text of 1 to ${longestState} characters, got one of ${value.length}`)
    return value
  }
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) throw new TypeError(`a state is a whole number from 0 to 2^53 - 1, got ${String(value)}`)
  return number
}

/** States as they stand in a tag: numbers to the base of 36, texts escaped behind a tilde. */
function writeState(state: State): string {
  return typeof state === 'number' ? state.toString(36) : `~${encodeURIComponent(state).replaceAll('.', '%2E')}`
}

/**
 * Writes the strong entity tag of a state, and of one representation of it if that is named.
 *
 * @example
 * stateTag(41) // '"15"'
 * stateTag(41, '0k3x9q') // '"15.0k3x9q"'
 */
export function stateTag(state: number | bigint | string, representation?: string): string {
  const text = writeState(toState(state))
  return representation === undefined ? `"${text}"` : `"${text}.${representation}"`
}

const ours = /^([0-9a-z]+|~[\w!~*'()%-]+)(?:\.([0-9a-z]{6}))?$/

/** Reads a tag that `stateTag` wrote; `undefined` for any other. */
export function readStateTag(opaque: string): StateTag | undefined {
  const [, text, representation] = ours.exec(opaque) ?? []
  if (text === undefined) return undefined
  const state = readState(text)
  // A tag is compared as it is written, so a second spelling of a state is not that state's tag.
  return state !== undefined && writeState(state) === text ? { state, representation } : undefined
}

function readState(text: string): State | undefined {
  try {
    return toState(text.startsWith('~') ? decodeURIComponent(text.slice(1)) : Number.parseInt(text, 36))
  } catch {
    return undefined
  }
}

/**
 * Six characters for a representation. Not a digest: it only has to differ between the few representations one state has.
 */
export function representationOf({ version, mediaType, language, coding }: RepresentationParts): string {
  const essence =
    mediaType?.includes(';') === true
      ? mediaType.slice(0, mediaType.indexOf(';')).trimEnd().toLowerCase()
      : (mediaType?.toLowerCase() ?? '')
  const text = `${version ?? ''}\n${essence}\n${language?.toLowerCase() ?? ''}\n${coding?.toLowerCase() ?? ''}`
  if (text === latest.text) return latest.name
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  const name = ((hash >>> 0) % 36 ** 6).toString(36).padStart(6, '0')
  latest = { text, name }
  return name
}

/** Nearly all answers of an API are of one kind. */
let latest = { text: '', name: '' }
