import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

const conditions = ['@holdfast/source', ...defaultServerConditions]
const resolve = { conditions }
const ssr = { resolve: { conditions } }
const timeouts = { testTimeout: 60_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    globalSetup: ['test/servers/global-setup.ts'],
    // Much of a test is waiting for servers and processes, which leaves a core free.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr,
        // Beside the source are small tests that leave nothing behind: a process for each would cost more than they do.
        test: { name: 'source', include: ['packages/*/src/**/*.test.ts'], isolate: false, ...timeouts },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'scenarios',
          include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          ...timeouts,
        },
      },
    ],
  },
})
