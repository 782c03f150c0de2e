import type { FixtureServer, Site } from './site.ts'

/** Servers that are already up: a test that kills one need not wait for the next. */
export interface ServerPool {
  take(): Promise<FixtureServer>
  /** Gives a server that is still good to whoever comes next. */
  giveBack(server: FixtureServer): void
}

/** Keeps `spare` servers of a site in reserve. */
export function createPool(site: Site, spare: number): ServerPool {
  const start = (): Promise<FixtureServer> => {
    const starting = site.start()
    // Whoever takes it learns of the failure.
    starting.catch(() => undefined)
    return starting
  }
  const reserve: Promise<FixtureServer>[] = Array.from({ length: spare }, start)
  return {
    async take() {
      const taken = reserve.shift() ?? start()
      if (reserve.length < spare) reserve.push(start())
      return taken
    },
    giveBack: (server) => void reserve.unshift(Promise.resolve(server)),
  }
}
