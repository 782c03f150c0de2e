import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { folder, keepOnce, replaceFile } from './keep-once.ts'

/** What a caller is told to trust. */
export const authorityPath: string = join(folder, 'ca.pem')

const renewBeforeMs = 30 * 86_400_000

/** A server's key and certificate, each of the two in the same PEM text. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
}

/**
 * Loads this machine's certificate, and makes what is missing or soon to expire: the authority, its certificate for
 * callers in `.holdfast/ca.pem`, the server's own. A key and its certificate are one file, so that processes which start together
 * cannot mix theirs.
 */
export async function developmentCertificate(): Promise<ServerCertificate> {
  const serverPath = join(folder, 'server-key.pem')
  const authority = await keepOnce(join(folder, 'ca-key.pem'), async () => (await maker()).makeAuthority())
  const trusted = new X509Certificate(authority)
  await replaceFile(authorityPath, trusted.toString())
  const issue = async (): Promise<string> => (await maker()).issueCertificate(authority)
  let server = await keepOnce(serverPath, issue)
  if (isStale(new X509Certificate(server), trusted)) {
    server = await issue()
    await replaceFile(serverPath, server)
  }
  return { key: server, cert: server }
}

// Making certificates takes a library that a start with existing ones need not load.
const maker = () => import('./certificate-authority.ts')

function isStale(certificate: X509Certificate, authority: X509Certificate): boolean {
  return Date.parse(certificate.validTo) - Date.now() < renewBeforeMs || !certificate.verify(authority.publicKey)
}
