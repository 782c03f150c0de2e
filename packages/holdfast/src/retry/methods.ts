/** Methods that ask for nothing to be changed (RFC 9110 section 9.2.1; QUERY is one of them). */
export const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** Methods whose repetition changes nothing (section 9.2.2). */
export const idempotent: ReadonlySet<string> = new Set([...safe, 'PUT', 'DELETE'])
