import type { Problem, Reply } from '../core/index.ts'
import type { Verdict, VersionStanding } from './decide.ts'

/** Refuses a call that has no version to be answered in. */
export function refuseVersion(
  problem: Problem,
  verdict: Exclude<Verdict, { kind: 'version' }>,
  standings: readonly VersionStanding[],
  now: number,
): Reply {
  const supported = standings.filter(({ state }) => state !== 'retired').map(({ id }) => id)
  switch (verdict.kind) {
    case 'conflict':
      return problem('api-version-conflict', {
        detail: `the call names ${verdict.asked.map(({ at, value }) => `${shorten(value)} in the ${at}`).join(' and ')}`,
      })
    case 'unknown':
      return problem('api-version-unknown', { detail: `there is no API version ${shorten(verdict.asked.value)}`, members: { supported } })
    case 'retired':
      return problem('api-version-retired', {
        detail: `the API version ${verdict.version} was retired`,
        members: { supported },
        ...successorOf(verdict),
      })
    case 'brownout':
      return problem('api-version-brownout', {
        detail: `the API version ${verdict.version} is switched off until ${new Date(verdict.until).toISOString()}`,
        retryAfterMs: verdict.until - now,
        ...successorOf(verdict),
      })
  }
}

/** Where the next version is described: the document that the API serves of it. */
function successorOf({ successor }: { readonly successor: string | undefined }): { headers?: { link: string } } {
  return successor === undefined ? {} : { headers: { link: `</openapi.json?version=${successor}>; rel="successor-version"` } }
}

function shorten(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
}
