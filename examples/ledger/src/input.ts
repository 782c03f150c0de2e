import type { Issue } from './refusals.ts'

/** Reads a JSON value. When something is wrong with it, that is noted in `issues` and the result is not to be used. */
export type Reader<T> = (value: unknown, pointer: string, issues: Issue[]) => T

/** What a reader reads. */
export type Read<R> = R extends Reader<infer T> ? T : never

type Members = Readonly<Record<string, Reader<unknown>>>

function fail(issues: Issue[], pointer: string, detail: string): never {
  issues.push({ pointer, detail })
  // Nobody looks at a value that has issues, so the type may promise what is not there.
  return undefined as never
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  // Numbers that `parseJson` kept as text are objects without a prototype.
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== null

/** An object with these members and no others. */
export function object<const M extends Members>(members: M): Reader<{ readonly [Name in keyof M]: Read<M[Name]> }> {
  return (value, pointer, issues) => {
    if (!isObject(value)) return fail(issues, pointer, value === undefined ? 'is missing' : 'must be an object')
    for (const name of Object.keys(value))
      if (!Object.hasOwn(members, name)) fail(issues, `${pointer}/${escape(name)}`, 'is not known here')
    const read = Object.entries(members).map(([name, reader]) => [name, reader(value[name], `${pointer}/${name}`, issues)])
    return Object.fromEntries(read) as { [Name in keyof M]: Read<M[Name]> }
  }
}

/** A string of 1 to `longest` characters; `pattern` and what it `asks` for narrow it. */
export function text({ longest = 200, pattern = /^[^\0]*$/, asks = 'must not contain U+0000' } = {}): Reader<string> {
  return (value, pointer, issues) => {
    if (typeof value !== 'string') return fail(issues, pointer, value === undefined ? 'is missing' : 'must be a string')
    if (value === '' || value.length > longest) return fail(issues, pointer, `must have 1 to ${longest} characters`)
    // A lone half of a surrogate pair cannot be stored as UTF-8.
    return pattern.test(value) && value.isWellFormed() ? value : fail(issues, pointer, asks)
  }
}

/** A whole number between two bounds. */
export function integer(least: number, most: number): Reader<number> {
  return (value, pointer, issues) => {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    return fits ? value : fail(issues, pointer, `must be a whole number from ${least} to ${most}`)
  }
}

/** One of a few strings. */
export function oneOf<const T extends string>(choices: readonly T[]): Reader<T> {
  return (value, pointer, issues) =>
    choices.find((choice) => choice === value) ?? fail(issues, pointer, `must be one of ${choices.join(', ')}`)
}

/** An array of 1 to `most` items. */
export function list<T>(item: Reader<T>, most: number): Reader<readonly T[]> {
  return (value, pointer, issues) => {
    if (!Array.isArray(value)) return fail(issues, pointer, value === undefined ? 'is missing' : 'must be an array')
    if (value.length === 0 || value.length > most) return fail(issues, pointer, `must have 1 to ${most} items`)
    return value.map((one, index) => item(one, `${pointer}/${index}`, issues))
  }
}

/** A member that may be absent. */
export function optional<T, F>(reader: Reader<T>, fallback: F): Reader<T | F> {
  return (value, pointer, issues) => (value === undefined ? fallback : reader(value, pointer, issues))
}

/** A member that may be null. */
export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, pointer, issues) => (value === null ? null : reader(value, pointer, issues))
}

/** What a string reader read, turned into something better; `undefined` from `convert` is an issue. */
export function converted<T>(reader: Reader<string>, convert: (value: string) => T | undefined, asks: string): Reader<T> {
  return (value, pointer, issues) => {
    const read: string | undefined = reader(value, pointer, issues)
    if (read === undefined) return undefined as never
    return convert(read) ?? fail(issues, pointer, asks)
  }
}

/** Any object. */
export const anyObject: Reader<Readonly<Record<string, unknown>>> = (value, pointer, issues) =>
  isObject(value) ? value : fail(issues, pointer, 'must be an object')

// RFC 6901, section 3.
const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
