/** A short text that differs for texts that differ, unless somebody looks for one: not for secrets. 64 bits. */
export function fingerprint(text: string): string {
  let [left, right] = [0x811c9dc5, 0x9e3779b9]
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    left = Math.imul(left ^ unit, 0x01000193)
    right = Math.imul((right ^ unit) + (left >>> 15), 0x85ebca6b)
  }
  return hex(left ^ (left >>> 16)) + hex(right ^ (right >>> 13))
}

const hex = (number: number): string => (number >>> 0).toString(16).padStart(8, '0')
