export { jsonPatch } from './json-patch.ts'
