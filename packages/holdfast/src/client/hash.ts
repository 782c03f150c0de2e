/** A number of 32 bits that differs for texts that differ, unless somebody looks for one: not for secrets (FNV-1a over UTF-16). */
export function hashOf(text: string, multiplier: number = 0x01000193): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), multiplier)
  return hash >>> 0
}
