import { readFileSync } from 'node:fs'

const measured = [
  'express',
  'fastify',
  'hono',
  'ioredis',
  'redis',
  'pg',
  '@node-idempotency/core',
  '@node-idempotency/storage-adapter-memory',
  '@node-idempotency/storage-adapter-redis',
  'express-idempotency',
]

/** The versions of what is measured beside Holdfast, as bench's own lockfile has them. */
export function versions(): Record<string, string> {
  const lockfile = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  return Object.fromEntries(measured.map((name) => [name, lockfile.packages[`node_modules/${name}`]?.version ?? '']))
}
