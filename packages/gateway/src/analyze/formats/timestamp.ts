/** An instant as a log states it. */
export interface Timestamp {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Minutes east of UTC; `undefined` when the text does not say, and UTC was assumed. */
  readonly zone: number | undefined
}

const months = new Map(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, at) => [name, at]))
const clf = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?([+-]\d\d):?(\d\d))?$/
const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(?:(Z)|([+-]\d\d):?(\d\d)))?$/
const epoch = /^\d{9,19}(?:\.\d{1,9})?$/

/**
 * Reads the timestamps of access logs: `01/Aug/1995:02:00:00 -0400`, ISO 8601 with or without zone and fraction, and seconds,
 * milliseconds, microseconds or nanoseconds since 1970.
 *
 * @returns `undefined` for what is none, such as 31 February
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  const line = clf.exec(text)
  if (line !== null) {
    const [, day, month = '', year, hour, minute, second, fraction, zoneHours, zoneMinutes] = line
    return instant(Number(year), months.get(month) ?? 12, Number(day), hour, minute, second, fraction, toZone(zoneHours, zoneMinutes))
  }
  const standard = iso.exec(text)
  if (standard !== null) {
    const [, year, month, day, hour, minute, second, fraction, utc, zoneHours, zoneMinutes] = standard
    const zone = utc === undefined ? toZone(zoneHours, zoneMinutes) : 0
    return instant(Number(year), Number(month) - 1, Number(day), hour, minute, second, fraction, zone)
  }
  return epoch.test(text) ? fromEpoch(Number(text)) : undefined
}

/** Logs count in different units; each covers other magnitudes between 1973 and 5138. */
export function fromEpoch(value: number): Timestamp | undefined {
  if (!(value >= 1e8) || value >= 1e20) return undefined
  const at = value < 1e11 ? value * 1000 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6
  return { at: Math.round(at), zone: 0 }
}

function toZone(hours: string | undefined, minutes: string | undefined): number | undefined {
  if (hours === undefined) return undefined
  const zone = Number(hours.slice(1)) * 60 + Number(minutes)
  return hours.startsWith('-') ? -zone : zone
}

function instant(
  year: number,
  month: number,
  day: number,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction = '0',
  zone: number | undefined,
): Timestamp | undefined {
  if (month > 11 || day < 1 || day > daysIn(year, month)) return undefined
  // 60 is a leap second.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60 || Math.abs(zone ?? 0) > 18 * 60) return undefined
  const at = Date.UTC(year, month, day, Number(hour), Number(minute), Number(second)) + Math.floor(Number(`0.${fraction}`) * 1000)
  return { at: at - (zone ?? 0) * 60_000, zone }
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
}

/** Remembers the last answer: neighbouring lines mostly carry the same second. */
export function timestampReader(): (text: string) => Timestamp | undefined {
  let lastText = ''
  let last: Timestamp | undefined
  return (text) => {
    if (text !== lastText) {
      last = parseTimestamp(text)
      lastText = text
    }
    return last
  }
}
