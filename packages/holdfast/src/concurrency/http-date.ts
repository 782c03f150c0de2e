const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const fixdate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const rfc850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const asctime = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/**
 * Reads an HTTP date in any of its three forms (RFC 9110 section 5.6.7): milliseconds since the epoch. `undefined` for anything else: a
 * field that is no date is ignored (sections 13.1.3 and 13.1.4), and `Date.parse` takes far more for one.
 *
 * @param now milliseconds since the epoch; settles the century of a year with two digits
 */
export function parseHttpDate(value: string, now: number): number | undefined {
  const [, day, month, year, hour, minute, second] = fixdate.exec(value) ?? inOrder(value, now) ?? []
  if (second === undefined) return undefined
  const at = months.indexOf(month as string)
  const time = Date.UTC(Number(year), at, Number(day), Number(hour), Number(minute), Number(second))
  const isReal = at >= 0 && new Date(time).getUTCDate() === Number(day) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 61
  return isReal ? time : undefined
}

/** The obsolete forms, with their parts in the order of the current one. */
function inOrder(value: string, now: number): readonly string[] | undefined {
  const dashed = rfc850.exec(value)
  if (dashed !== null) {
    const [all, day = '', month = '', short, hour = '', minute = '', second = ''] = dashed
    const thisYear = new Date(now).getUTCFullYear()
    const year = thisYear - (thisYear % 100) + Number(short)
    // More than 50 years ahead means the past.
    return [all, day, month, String(year > thisYear + 50 ? year - 100 : year), hour, minute, second]
  }
  const [all, month = '', day = '', hour = '', minute = '', second = '', year = ''] = asctime.exec(value) ?? []
  return all === undefined ? undefined : [all, day.trim(), month, year, hour, minute, second]
}
