// @peculiar/x509 needs this polyfill, loaded before it.
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

/**
 * Name constraints (RFC 5280 section 4.2.1.10): localhost, 127.0.0.0/8 and ::1. Who trusts this authority trusts it for
 * this machine alone, whoever may get at its key.
 */
const thisMachineOnly = new Extension(
  '2.5.29.30',
  true,
  Buffer.from(`303fa03d300b82096c6f63616c686f7374300a87087f000000ff00000030228720${'00'.repeat(15)}01${'ff'.repeat(16)}`, 'hex'),
)

/** Makes a certificate authority: its key and its certificate, in one PEM text. */
export async function makeAuthority(): Promise<string> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Holdfast development CA',
    keys,
    signingAlgorithm: algorithm,
    ...validFor(3650),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      thisMachineOnly,
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return toPem(keys, certificate)
}

/** Makes a server's key and certificate for this machine, signed by an authority. */
export async function issueCertificate(authority: string): Promise<string> {
  const [issuerKey, issuerCertificate] = PemConverter.decodeWithHeaders(authority)
  if (issuerKey === undefined || issuerCertificate === undefined)
    throw new Error('the development CA is not whole; delete .holdfast and start again')
  const issuer = new X509Certificate(issuerCertificate.rawData)
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey('pkcs8', issuerKey.rawData, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    ...validFor(90),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await AuthorityKeyIdentifierExtension.create(issuer),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return toPem(keys, certificate)
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function toPem(keys: webcrypto.CryptoKeyPair, certificate: X509Certificate): Promise<string> {
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return `${key}\n${certificate.toString('pem')}\n`
}

/** From an hour ago, because clocks differ. */
function validFor(days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + days * dayMs) }
}
