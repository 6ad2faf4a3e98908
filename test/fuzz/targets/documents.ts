import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { equalBytes, utf8 } from '@trusthold/core/bytes'
import { parseDirect, parseJsonObject, parseJws } from '@trusthold/core/jose'
import { readImageDatabase } from '@trusthold/core/measured-boot'
import { decodeBaseImage, encodeBaseImage } from '@trusthold/core/policy'
import { parseCertificate, parsePublicKey, readCertificates } from '@trusthold/core/x509'
import { approvedImage } from '../../attacks/approved-boot.js'
import { loadRecording } from '../../recordings/load.js'
import type { FuzzTarget } from '../target.js'

const certificates = new URL('../../recordings/certificates/', import.meta.url)
const certificate = (name: string): Uint8Array => Uint8Array.from(readFileSync(new URL(name, certificates)))

const vib = `<vib version="5.0"><type>bootbank</type><name>esx-base</name><version>8.0.1</version><vendor>VMware</vendor>
<acceptance-level>certified</acceptance-level><payloads><payload name="k" type="boot" size="3">
<checksum checksum-type="sha-256">${'0'.repeat(64)}</checksum></payload></payloads></vib>`

/** A ustar archive of one file. */
function tarOf(name: string, data: Uint8Array): Uint8Array {
  const header = new Uint8Array(512)
  const put = (at: number, text: string): void => header.set(utf8(text), at)
  put(0, name)
  put(100, '0000644\0')
  put(124, `${data.length.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(148, '        ')
  put(156, '0')
  put(257, 'ustar\u000000')
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  const body = new Uint8Array(Math.ceil(data.length / 512) * 512)
  body.set(data)
  return Buffer.concat([header, body, new Uint8Array(1_024)])
}

const jws = { what: 'token', typ: 'eat+jwt', maxLength: 16_384 }

/** Readers of certificates, tokens, messages and files. */
export const documentTargets: readonly FuzzTarget[] = [
  {
    name: 'certificate',
    seeds: () => [
      ...Object.values(loadRecording('swtpm').endorsementKeys).map((key) => key.certificate),
      certificate('ek-rsa.der'),
    ],
    run(bytes) {
      const { der } = parseCertificate(bytes)
      if (!equalBytes(der, bytes)) throw new Error('a certificate has other bytes than were read')
    },
  },
  {
    name: 'certificate-bundle',
    seeds: () => [certificate('chain.pem'), certificate('bundle.p7b'), certificate('root.pem')],
    run(bytes) {
      readCertificates(bytes)
    },
  },
  {
    name: 'public-key',
    seeds: () => [],
    run(bytes) {
      parsePublicKey(bytes)
    },
  },
  {
    name: 'json',
    seeds: () => [utf8('{"alg":"ES256","typ":"eat+jwt","kid":"k","a":[1,{"b":null}]}')],
    run(bytes) {
      const value = parseJsonObject(bytes, 'text')
      if (JSON.stringify(value) === undefined) throw new Error('it cannot be written again')
    },
  },
  {
    name: 'jws',
    seeds: () => [
      utf8(
        'eyJhbGciOiJFUzI1NiIsInR5cCI6ImVhdCtqd3QifQ.eyJhIjoxfQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      ),
    ],
    run(bytes) {
      parseJws(Buffer.from(bytes).toString('latin1'), jws)
    },
  },
  {
    name: 'wrapped-key',
    seeds: () => [
      utf8('eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA'),
    ],
    run(bytes) {
      parseDirect(Buffer.from(bytes).toString('latin1'), 'wrapped key', 16_384)
    },
  },
  {
    name: 'base-image',
    seeds: () => [encodeBaseImage(approvedImage())],
    run(bytes) {
      if (!equalBytes(encodeBaseImage(decodeBaseImage(bytes)), bytes)) {
        throw new Error('a base image has two spellings')
      }
    },
  },
  {
    name: 'image-database.descriptor',
    seeds: () => [utf8(vib)],
    async run(bytes) {
      await readImageDatabase(gzipSync(tarOf('var/db/esximg/vibs/esx-base.xml', bytes), { level: 1 }))
    },
  },
  {
    name: 'image-database.archive',
    seeds: () => [tarOf('var/db/esximg/vibs/esx-base.xml', utf8(vib))],
    async run(bytes) {
      await readImageDatabase(gzipSync(bytes, { level: 1 }))
    },
  },
]
