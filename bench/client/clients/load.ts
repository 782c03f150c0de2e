import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Loads a peer by name, with its type stated at the call: the rest of the repository is checked without the peers being installed. */
export function load<Module>(name: string): Module {
  return require(name) as Module
}

/** The same for a module whose own export is its default. */
export function loadDefault<Export>(name: string): Export {
  const loaded = load<{ readonly default?: Export }>(name)
  return loaded.default ?? (loaded as Export)
}
