/** A way to tell callers where they stand. */
export type Dialect = 'draft-10' | 'draft-8' | 'draft-7' | 'draft-6' | 'legacy' | 'next'

/** What a limit promises, in the words of the fields. */
export interface Advert {
  readonly name: string
  /** Tokens in a window. */
  readonly quota: number
  /** Length of the window, whole seconds; `undefined` where there is none. */
  readonly windowSeconds: number | undefined
  /** Tokens a bucket allows at once. */
  readonly burst: number | undefined
  readonly unit: string
}

/** An advert, and how it is written: worked out once, not at each call. */
export interface WrittenAdvert extends Advert {
  /** The name as a structured field has it. */
  readonly quoted: string
  /** A member of RateLimit-Policy, without the partition. */
  policy(dialect: Dialect): string
}

/** How one limit stands. */
export interface Notice {
  readonly about: WrittenAdvert
  readonly remaining: number
  /** Seconds until there is more; `undefined` where nobody knows. */
  readonly resetSeconds: number | undefined
  /** A name of the counter that does not tell whose it is, base64. */
  readonly partitionKey: string | undefined
}

/** The largest integer of a structured field (RFC 9651 section 3.3.1). */
const largest = 999_999_999_999_999

const whole = (value: number): number => Math.min(value, largest)

/** A structured-field string: quote and backslash are escaped; the rest was checked when the limit was made. */
const text = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&')}"`

const partition = ({ partitionKey }: Notice): string => (partitionKey === undefined ? '' : `;pk=:${partitionKey}:`)

/** Writes what a limit promises. */
export function writeAdvert(advert: Advert): WrittenAdvert {
  let written: Dialect | undefined
  let line = ''
  return {
    ...advert,
    quoted: text(advert.name),
    policy(dialect) {
      if (dialect !== written) line = writePolicy((written = dialect), advert)
      return line
    },
  }
}

function writePolicy(dialect: Dialect, { name, quota, windowSeconds, burst, unit }: Advert): string {
  const window = windowSeconds === undefined ? '' : `;w=${windowSeconds}`
  const units = unit === 'requests' ? '' : `;qu=${text(unit)}`
  switch (dialect) {
    case 'draft-6':
    case 'draft-7':
      return `${whole(quota)}${window}`
    case 'next':
      return `${text(name)};c=${whole(quota)}${window}${units}`
    case 'draft-8':
      return `${text(name)};q=${whole(quota)}${window}`
    case 'draft-10':
    case 'legacy':
      return `${text(name)};q=${whole(quota)}${window}${units}${burst === undefined ? '' : `;holdfast-burst=${whole(burst)}`}`
  }
}

/** One member of RateLimit-Policy. */
export function policyItem(dialect: Dialect, notice: Notice): string {
  const line = notice.about.policy(dialect)
  return notice.partitionKey === undefined || dialect === 'draft-6' || dialect === 'draft-7' ? line : line + partition(notice)
}

/** One member of RateLimit. */
export function limitItem(dialect: Dialect, notice: Notice): string {
  const { about, remaining, resetSeconds } = notice
  const isNext = dialect === 'next'
  const available = `${about.quoted}${isNext ? ';a=' : ';r='}${whole(remaining)}`
  const reset = resetSeconds === undefined ? '' : `${isNext ? ';w=' : ';t='}${whole(resetSeconds)}`
  return available + reset + partition(notice)
}

/** Whether a dialect names every limit; the others tell of the closest one only. */
export function isListed(dialect: Dialect): boolean {
  return dialect === 'draft-10' || dialect === 'draft-8' || dialect === 'next'
}

/** The limit a caller will meet first. */
export function closest(notices: readonly Notice[]): Notice | undefined {
  return notices.reduce<Notice | undefined>((least, notice) => {
    if (least === undefined || notice.remaining < least.remaining) return notice
    return notice.remaining === least.remaining && (notice.resetSeconds ?? 0) > (least.resetSeconds ?? 0) ? notice : least
  }, undefined)
}
