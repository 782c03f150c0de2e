/** Milliseconds that this thread computed for, whatever else the machine does: what a slow way to compute shows in. */
export function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}
