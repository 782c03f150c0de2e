// What the library costs a bundle: one minified file a subpath and one for each usual part of the client, dependencies included, for size-limit
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './install.mjs'

const library = join(root, 'packages/holdfast')
const { exports } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'))

const client = join(library, 'dist/client/index.js')

/** What a bundler keeps of the client when only this is used of it. */
const parts = {
  'client-core': ['fetchThrough', 'stack', 'deadline', 'idempotencyKey', 'retry', 'attemptTimeout'],
  'client-fetch': ['createFetch'],
  'client-without-outbox': ['createFetch', 'update', 'pages', 'items'],
}

for (const [name, target] of Object.entries(exports)) {
  if (typeof target !== 'string') await bundle(name === '.' ? 'index' : name.slice(2), join(library, target.default))
}
for (const [name, used] of Object.entries(parts)) {
  const id = `virtual:${name}`
  const only = {
    name,
    resolveId: (asked) => (asked === id ? id : undefined),
    load: (asked) => (asked === id ? `export { ${used.join(', ')} } from ${JSON.stringify(client)}` : undefined),
  }
  await bundle(name, id, [only])
}

async function bundle(name, entry, plugins = []) {
  await build({
    configFile: false,
    logLevel: 'warn',
    root: library,
    plugins,
    build: {
      ssr: true,
      outDir: join(root, '.bundles'),
      emptyOutDir: false,
      minify: true,
      rolldownOptions: { input: entry, output: { entryFileNames: `${name}.js`, codeSplitting: false } },
    },
    ssr: { noExternal: true },
  })
}
