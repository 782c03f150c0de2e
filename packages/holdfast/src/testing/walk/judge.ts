/** What a walk must give. */
export interface WalkExpectation {
  /** Rows that are there throughout and keep their keys, in the order of the list. */
  readonly stable: readonly string[]
  /** Rows whose keys were changed during the walk. */
  readonly rekeyed: ReadonlySet<string>
  /** Every row that existed at some time during the walk. */
  readonly known: ReadonlySet<string>
}

/**
 * Says how a walk broke the guarantee: stable rows exactly once and in order; every other row at most once, unless its keys changed; no row that
 * never was. Empty when it kept it.
 *
 * @param walked ids in the order of the list, as the pages gave them
 */
export function judgeWalk(walked: readonly string[], { stable, rekeyed, known }: WalkExpectation): readonly string[] {
  const violations: string[] = []
  const counts = new Map<string, number>()
  for (const id of walked) counts.set(id, (counts.get(id) ?? 0) + 1)
  const isStable = new Set(stable)
  for (const id of stable) if (!counts.has(id)) violations.push(`${id} was there throughout, and was never given`)
  for (const [id, times] of counts) {
    if (!known.has(id) && !isStable.has(id)) violations.push(`${id} was given, and never existed`)
    if (times > 1 && !rekeyed.has(id)) violations.push(`${id} was given ${times} times`)
  }
  const order = new Map(stable.map((id, index) => [id, index]))
  let before = -1
  for (const id of walked) {
    const place = order.get(id)
    if (place === undefined) continue
    if (place < before) violations.push(`${id} was given after a row that comes later`)
    before = Math.max(before, place)
  }
  return violations
}
