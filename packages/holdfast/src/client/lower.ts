const upper = /[A-Z]/

/** Nearly all names of fields are lower-case, and the platform makes a new string of those too. */
export function toLower(name: string): string {
  return upper.test(name) ? name.toLowerCase() : name
}
