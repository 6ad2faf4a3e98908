/**
 * What a vendor does after making a TPM: an endorsement certificate for the ECC P-256 key, which swtpm_setup leaves
 * out. Speaks to the TPM in raw commands, TPM 2.0 Part 3, so that a peer needs nothing but swtpm.
 * @module
 */
import { mkdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { runToEnd } from './supervised-process.mjs'

const endorsement = 0x4000_000b
const platform = 0x4000_000c
const certificateIndex = 0x01c0_000a
/** platformcreate, ppread, ppwrite, ownerread, authread, no_da: as swtpm_setup makes its indices. */
const certificateAttributes = 0x4207_0001
const createPrimary = 0x131
const nvDefineSpace = 0x12a
const nvWrite = 0x137
const flushContext = 0x165

/** Template L-2 of the TCG EK Credential Profile as a TPMT_PUBLIC, up to the unique field. */
const eccTemplate =
  '0023000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa00060080004300100003' +
  '0010'

/**
 * Makes a certificate for the ECC P-256 endorsement key and stores it where the profile says.
 * @param {{ tcpPort: number, unixPath: string | undefined }} address of the data channel
 * @param {import('./swtpm.mjs').TpmCa} ca
 * @param {string} directory for a file in between
 */
export async function provisionEccEndorsementKey(address, ca, directory) {
  const tpm = await openRawTpm(address)
  try {
    const { x, y } = await makeEndorsementKey(tpm)
    await storeCertificate(tpm, await certify(ca, directory, `x=${x},y=${y},id=secp256r1`))
  } finally {
    tpm.close()
  }
}

/**
 * @param {TpmCa} ca
 * @param {string} directory
 * @param {string} key
 * @returns {Promise<Buffer>} DER
 * @typedef {import('./swtpm.mjs').TpmCa} TpmCa
 */
async function certify(ca, directory, key) {
  const output = join(directory, 'certificates')
  await mkdir(output, { recursive: true })
  await runToEnd('swtpm_localca', [
    ...['--type', 'ek', '--ek', key, '--dir', output, '--tpm2'],
    ...['--tpm-spec-family', '2.0', '--tpm-spec-level', '0', '--tpm-spec-revision', '164'],
    ...['--tpm-manufacturer', 'id:00001014', '--tpm-model', 'swtpm', '--tpm-version', 'id:20191023'],
    ...['--configfile', ca.localcaConfig, '--optsfile', ca.localcaOptions],
  ])
  return await readFile(join(output, 'ek.cert'))
}

/** @param {RawTpm} tpm @returns {Promise<{ x: string, y: string }>} hexadecimal coordinates */
async function makeEndorsementKey(tpm) {
  const zeros = sized(Buffer.alloc(32))
  const template = Buffer.concat([Buffer.from(eccTemplate, 'hex'), zeros, zeros])
  const noSensitive = sized(Buffer.alloc(4))
  const answer = await tpm.send(createPrimary, [endorsement], [noSensitive, sized(template), u16(0), u32(0)])
  // Handle, parameter size, size of the TPMT_PUBLIC; the key's x and y stand where the template has zeros.
  const publicArea = answer.subarray(10, 10 + answer.readUInt16BE(8))
  const x = publicArea.subarray(-66, -34)
  const y = publicArea.subarray(-32)
  await tpm.send(flushContext, [], [u32(answer.readUInt32BE(0))])
  return { x: x.toString('hex'), y: y.toString('hex') }
}

/** @param {RawTpm} tpm @param {Buffer} certificate */
async function storeCertificate(tpm, certificate) {
  const definition = [
    u32(certificateIndex),
    u16(0x000b),
    u32(certificateAttributes),
    u16(0),
    u16(certificate.length),
  ]
  await tpm.send(nvDefineSpace, [platform], [u16(0), sized(Buffer.concat(definition))])
  for (let offset = 0; offset < certificate.length; offset += 512) {
    const part = certificate.subarray(offset, offset + 512)
    await tpm.send(nvWrite, [platform, certificateIndex], [sized(part), u16(offset)])
  }
}

/** @typedef {Awaited<ReturnType<typeof openRawTpm>>} RawTpm */

/** @param {{ tcpPort: number, unixPath: string | undefined }} address */
async function openRawTpm({ tcpPort, unixPath }) {
  const socket = connect(unixPath === undefined ? { host: '127.0.0.1', port: tcpPort } : { path: unixPath })
  const chunks = socket[Symbol.asyncIterator]()
  return {
    /**
     * Sends a command, authorised with the empty password when it has handles, and returns what follows the
     * response's header.
     * @param {number} code @param {readonly number[]} handles @param {readonly Buffer[]} parameters
     */
    async send(code, handles, parameters) {
      const emptyPassword = Buffer.from('40000009' + '0000' + '01' + '0000', 'hex')
      const authorisations = handles.length === 0 ? [] : [u32(emptyPassword.length), emptyPassword]
      const body = Buffer.concat([...handles.map(u32), ...authorisations, ...parameters])
      const tag = handles.length === 0 ? 0x8001 : 0x8002
      socket.write(Buffer.concat([u16(tag), u32(body.length + 10), u32(code), body]))
      let answer = Buffer.alloc(0)
      while (answer.length < 10 || answer.length < answer.readUInt32BE(2)) {
        const { value, done } = await chunks.next()
        if (done) throw new Error('swtpm closed the connection')
        answer = Buffer.concat([answer, value])
      }
      const rc = answer.readUInt32BE(6)
      if (rc !== 0) throw new Error(`TPM command 0x${code.toString(16)} failed with 0x${rc.toString(16)}`)
      return answer.subarray(10)
    },
    close: () => socket.destroy(),
  }
}

/** @param {number} value */
function u16(value) {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A size field and the bytes. @param {Buffer} bytes */
function sized(bytes) {
  return Buffer.concat([u16(bytes.length), bytes])
}
