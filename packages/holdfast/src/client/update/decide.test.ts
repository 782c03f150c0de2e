import { describe, expect, it } from 'vitest'
import { decideWrite } from './decide.ts'

const verdictOn = (status: number) => decideWrite({ status, code: undefined, keepsKeys: false }, false)

describe('an answer to a write', () => {
  it.each([
    ['written', [200, 201, 204]],
    ['gone', [404, 410]],
    ['postponed', [421, 425, 429]],
    ['refused', [400, 401, 403, 409, 422, 428, 501, 505]],
    // A status of a server's or a proxy's own does not say that nothing was carried out.
    ['unanswered', [408, 500, 502, 503, 504, 506, 507, 511, 520, 530, 531, 599]],
  ])('means %s for the statuses %o', (verdict, statuses) => {
    expect(statuses.map(verdictOn)).toEqual(statuses.map(() => verdict))
  })
})
