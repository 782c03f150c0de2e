// What each subpath of the library costs a bundle: one minified file a subpath, dependencies included, for size-limit
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './install.mjs'

const library = join(root, 'packages/holdfast')
const { exports } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'))

for (const [name, target] of Object.entries(exports)) {
  if (typeof target === 'string') continue
  await build({
    configFile: false,
    logLevel: 'warn',
    root: library,
    build: {
      ssr: join(library, target.default),
      outDir: join(root, '.bundles'),
      emptyOutDir: false,
      minify: true,
      rolldownOptions: { output: { entryFileNames: `${name === '.' ? 'index' : name.slice(2)}.js`, codeSplitting: false } },
    },
    ssr: { noExternal: true },
  })
}
