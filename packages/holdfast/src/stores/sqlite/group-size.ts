/** Enough to make the commit cheap for each; more would only make the first of them wait. */
export const maxJobs = 64
// A sync takes as long as some ten short jobs run: fewer are not worth a sync of their own.
const minJobs = 16

/**
 * How many of the waiting jobs make a group: half of everyone in the store, so that one half runs while the disk takes the other.
 * In one group they would all wait for the disk, and then the disk for all of them.
 *
 * @param queued how many wait for their turn
 * @param unsynced how many have run, and wait for the disk
 */
export function groupSize(queued: number, unsynced: number): number {
  return Math.min(maxJobs, Math.max(minJobs, Math.ceil((queued + unsynced) / 2)))
}
